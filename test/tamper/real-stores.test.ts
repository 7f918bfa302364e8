import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { anchorWhatIsDue, readAnchors } from '../../lib/seal';
import { thisMachine } from '../../lib/runtime/machine';
import { openSealedPostgres, openSealedStore, type SealedStore } from '../seal/sealed-store';
import { describeOnPostgres } from '../support/postgres';
import { buildStoreWorker, bundle } from '../support/store';
import { diceOf } from './attacks';
import { record, SEED } from './measured';
import { SQL_ATTACKS } from './sql-attacks';

/** A long run kills more often, and lets two append for a minute. */
const KILLS = Number(process.env['TAMPER_KILLS'] ?? 8);
const APPEND_SECONDS = Number(process.env['TAMPER_APPEND_SECONDS'] ?? 0);

jest.setTimeout(KILLS > 8 ? 1_800_000 : 300_000);

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function attacked(open: () => Promise<SealedStore>): Promise<void> {
  const sealed = await open();
  try {
    const kinds = Object.entries(SQL_ATTACKS).map(([kind, sql], at) => ({ kind, sql, stream: String(101 + at) }));
    for (const { stream } of kinds) await sealed.append(5, stream);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, sealed: 45 });
    await sealed.tamper(
      'alter table billing_audit.event_payloads drop constraint if exists event_payloads_stream_seq_fkey',
    );
    for (const { sql, stream } of kinds) await sealed.tamper(sql(stream));
    const { findings } = await sealed.check();
    const named = kinds.filter(({ stream }) =>
      findings.some(({ place }) => place.stream === `sheet:${stream}` && [3, 4, 6].includes(place.seq ?? 0)),
    );
    // A whole chain with valid hashes contradicts the signature alone, which names the checkpoint.
    expect(kinds.filter((each) => !named.includes(each)).map(({ kind }) => kind)).toEqual(['rewrite']);
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'root_differs', place: { leaves: { from: 0, to: 45 } } }),
    );
  } finally {
    await sealed.close();
  }
}

describe('what was done to each of nine chains of a real store is named', () => {
  it('in the embedded store', () => attacked(() => openSealedStore(buildStoreWorker())));
  describeOnPostgres('in PostgreSQL', () => {
    it('by a superuser', () => attacked(openSealedPostgres));
  });
});

describeOnPostgres('on a PostgreSQL', () => {
  const sealer = bundle('test/tamper/programs/sealer.ts', 'tamper-sealer');
  const appender = bundle('test/tamper/programs/appender.ts', 'tamper-appender');
  let sealed: SealedStore & { readonly url: string };
  beforeEach(async () => {
    sealed = await openSealedPostgres();
  });
  afterEach(() => sealed.close());

  interface Program {
    readonly child: ChildProcess;
    /** Whole lines that it has printed. */
    lines(): readonly string[];
    /** Resolves when it has ended; rejects with what it complained about when it ended by itself with an error. */
    readonly ended: Promise<void>;
    /** Resolves when it has printed so many lines. */
    until(count: number): Promise<void>;
  }

  function run(path: string, ...words: readonly string[]): Program {
    const child = spawn(process.execPath, [path, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, wrong] = ['', ''];
    const waiting = new Set<() => void>();
    const lines = (): readonly string[] => out.split('\n').slice(0, -1);
    child.stdout.on('data', (text) => {
      out += String(text);
      for (const look of waiting) look();
    });
    child.stderr.on('data', (text) => void (wrong += String(text)));
    const ended = new Promise<void>((done, fail) => {
      child.on('close', (code, signal) => (code === 0 || signal === 'SIGKILL' ? done() : fail(new Error(wrong))));
    });
    const until = (count: number): Promise<void> =>
      new Promise((done, fail) => {
        const look = (): void => void (lines().length >= count && waiting.delete(look) && done());
        waiting.add(look);
        look();
        ended.then(() => waiting.delete(look) && fail(new Error(`It ended too early. ${wrong}`)), fail);
      });
    return { child, lines, ended, until };
  }

  const anchorNow = async (): Promise<void> => {
    const anchors = readAnchors({ ANCHOR_FOLDER: join(sealed.folder, 'anchor') }, thisMachine());
    await anchorWhatIsDue({ book: sealed.book, anchors, now: Date.now, log });
  };
  const checked = () => sealed.check(readAnchors({ ANCHOR_FOLDER: join(sealed.folder, 'anchor') }, thisMachine()));

  it('a sealer that is killed at either side of its commits leaves one tree, and no false alarm', async () => {
    const dice = diceOf(SEED);
    let alarms = 0;
    await sealed.append(3);
    await sealed.seal();
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sealed.append(5 + dice(20), String(1 + dice(3)));
      const side = kill % 2 === 0 ? 'before' : 'after';
      await run(sealer, sealed.url, sealed.keysFolder, side, '1').ended;
      if (dice(2) === 0) await anchorNow();
      const { findings, unsealed } = await checked();
      expect([kill, findings]).toEqual([kill, []]);
      expect(unsealed === 0).toBe(side === 'after');
      alarms += findings.length;
    }
    await sealed.seal();
    expect(await checked()).toMatchObject({ ok: true, unsealed: 0 });
    record('sealers killed at a commit, on PostgreSQL', { kills: KILLS, false_alarms: alarms });
  });

  it('two sealers at once, killed at any moment, make one history of what two append', async () => {
    await sealed.append(1);
    await sealed.seal();
    const other = join(sealed.folder, 'other-keys');
    cpSync(sealed.keysFolder, other, { recursive: true });
    const sealers = [sealed.keysFolder, other].map((folder) => run(sealer, sealed.url, folder));
    const appenders = ['one', 'two'].map((name) => run(appender, sealed.url, name, '200'));
    await Promise.all(sealers.map((each) => each.until(3)));
    await Promise.all(appenders.map(({ ended }) => ended));
    for (const { child } of sealers) child.kill('SIGKILL');
    await Promise.all(sealers.map(({ ended }) => ended));
    await sealed.seal();
    const report = await checked();
    expect(report).toMatchObject({ ok: true, events: 401, sealed: 401, unsealed: 0 });
    const refused = sealers.flatMap((each) => each.lines()).filter((line) => line === 'another').length;
    record('two sealers at once, on PostgreSQL', {
      events: report.events,
      checkpoints: report.checkpoints,
      refused_as_second: refused,
      false_alarms: report.found,
    });
  });

  it('two processes that append at once, and one that is killed, make one chain for each sheet: no fork, no gap', async () => {
    const began = performance.now();
    const [count, seconds] = APPEND_SECONDS > 0 ? ['0', String(APPEND_SECONDS)] : ['300', '0'];
    const two = ['one', 'two'].map((name) => run(appender, sealed.url, name, count, seconds));
    const killed = run(appender, sealed.url, 'killed');
    await killed.until(40);
    killed.child.kill('SIGKILL');
    await Promise.all([...two, killed].map(({ ended }) => ended));
    const took = (performance.now() - began) / 1000;
    await sealed.seal();
    const report = await sealed.check();
    const acknowledged = [...two, killed].flatMap((each) => each.lines());
    expect(report).toMatchObject({ ok: true, streams: 3, unsealed: 0 });
    const [told] = await sealed.driver.transaction([
      {
        sql: `select count(*)::integer as events, count(distinct event_key)::integer as keys, count(distinct position)::integer as positions,
            bool_and(gapless) as gapless, count(distinct previous_hash)::integer as befores, count(*) filter (where event_key = any ($1))::integer as kept
          from (select *, seq = row_number() over (partition by stream order by seq) as gapless from billing_audit.audit_events) as e`,
        parameters: [acknowledged],
      },
    ]);
    const { events } = report;
    expect(told).toEqual({
      events,
      keys: events,
      positions: events,
      gapless: true,
      befores: events,
      kept: acknowledged.length,
    });
    // Of the killed one a last batch may have been committed without being acknowledged.
    expect(events - acknowledged.length).toBeLessThanOrEqual(4);
    record('two processes that append at once, on PostgreSQL', {
      events,
      seconds: Number(took.toFixed(1)),
      forks: 0,
      gaps: 0,
    });
  });

  it('is a fork that would be found: an event that two chains claim to follow', async () => {
    await sealed.append(4);
    await sealed.seal();
    await sealed.tamper(SQL_ATTACKS.duplicate('1'));
    expect((await sealed.check()).ok).toBe(false);
  });
});
