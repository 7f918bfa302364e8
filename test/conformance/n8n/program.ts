/**
 * A process that runs our nodes in n8n's engine, one run after another, for a test: `program.js PACKAGE SUPABASE`.
 * It is told what to run by messages of its parent, and ends when the parent says so, or is gone.
 */
import { CaseStore } from './case-store';
import { Engine } from './engine';
import type { Asked, EngineOutcome, Reply, Request } from './protocol';

const say = (reply: Reply): void => void process.send?.(reply);
const RealDate = Date;

/** The present is what a case says it is, and stands still; for the store's own clock too. */
function standAt(now: string): void {
  const present = RealDate.parse(now);
  globalThis.Date = class extends RealDate {
    constructor(...given: []) {
      // Without arguments it is the present.
      super(...((given.length === 0 ? [present] : given) as []));
    }
    static override now(): number {
      return present;
    }
  } as DateConstructor;
}

async function run(
  engine: Engine,
  store: CaseStore,
  { settings, facts, now, apiKey, ...asked }: Asked,
): Promise<EngineOutcome> {
  standAt(now);
  try {
    const credential = { ...settings, address: store.address, apiKey: apiKey ?? store.apiKey };
    return await store.during(facts, () => engine.run(asked, credential as never));
  } finally {
    globalThis.Date = RealDate;
  }
}

async function main(packageFolder: string, supabase: string): Promise<void> {
  const [engine, store] = await Promise.all([Engine.load(packageFolder), CaseStore.open(supabase)]);
  let last = Promise.resolve();
  process.on('message', (request: Request) => {
    last = last.then(async () => {
      if ('end' in request) {
        await store.close();
        process.exit(0);
      }
      const { id, asked } = request;
      await run(engine, store, asked).then(
        (outcome) => say({ id, outcome }),
        (thrown: unknown) => say({ id, failed: thrown instanceof Error ? String(thrown.stack) : String(thrown) }),
      );
    });
  });
  process.on('disconnect', () => process.exit(0));
  say({ ready: engine.nodeTypes() });
}

const [packageFolder = '', supabase = ''] = process.argv.slice(2);
main(packageFolder, supabase).catch((thrown: unknown) => {
  process.stderr.write(`${String(thrown instanceof Error ? thrown.stack : thrown)}\n`);
  process.exit(1);
});
