import { join } from 'node:path';
import {
  anchorWhatIsDue,
  checkTrail,
  readAnchors,
  viewsOf,
  type AnchorView,
  type StoredEvent,
  type TrailReport,
  type TrailSource,
} from '../../lib/seal';
import { thisMachine } from '../../lib/runtime/machine';
import { openSealedPostgres, type SealedStore } from '../seal/sealed-store';
import { describeOnPostgres } from '../support/postgres';
import { diceOf } from './attacks';
import { isLocated, showsByItself, wrongAboutUnsealed } from './expected';
import { record, SEED } from './measured';
import { attackStore, REAL_ATTACKS } from './real-attacks';
import { Superuser } from './superuser';

/** A hundred in each class; the long run (TAMPER_REAL) makes it more. */
const ATTACKS = Number(process.env['TAMPER_REAL'] ?? 100);
jest.setTimeout(ATTACKS > 100 ? 1_800_000 : 300_000);

/** What a verifier that was planted does not see. */
interface Blindness {
  readonly source: (book: TrailSource) => TrailSource;
  readonly report: (report: TrailReport) => TrailReport;
}
const seesAll: Blindness = { source: (book) => book, report: (report) => report };

/** Sees young events as they should be. */
function blindTo(hidden: (event: StoredEvent) => Partial<StoredEvent>): Blindness {
  const seen = (event: StoredEvent): StoredEvent =>
    event.leaf_index === null ? { ...event, ...hidden(event) } : event;
  return {
    ...seesAll,
    source: (book) => {
      const all = book.allEvents();
      const allEvents = async function* (): ReturnType<TrailSource['allEvents']> {
        for await (const page of all) yield page.map(seen);
      };
      return Object.assign(book, { allEvents });
    },
  };
}

type Class = 'anchored' | 'sealed' | 'unsealed';

describeOnPostgres('attacks by a superuser on a real PostgreSQL', () => {
  let sealed: SealedStore & { readonly url: string };
  let superuser: Superuser;
  let views: readonly AnchorView[];
  let events: readonly StoredEvent[];
  let lasts: ReadonlyMap<string, number>;
  let anchored: number;

  /** An honest history: of three sheets in turns, anchored, then sealed, then recorded. */
  beforeAll(async () => {
    sealed = await openSealedPostgres();
    const grow = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        for (const sheet of ['1', '2', '3']) await sealed.append(1, sheet);
      }
    };
    const { book } = sealed;
    for (const rounds of [3, 3]) {
      await grow(rounds);
      await sealed.seal();
    }
    const anchors = readAnchors({ ANCHOR_FOLDER: join(sealed.folder, 'anchor') }, thisMachine());
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    await anchorWhatIsDue({ book, anchors, now: Date.now, log });
    anchored = (await book.state()).size;
    await grow(3);
    await sealed.seal();
    await grow(2);
    ({ views } = await viewsOf(anchors, sealed.keys));
    superuser = await Superuser.of(sealed);
    events = await eventsOf();
    lasts = new Map(events.map(({ stream, seq }) => [stream, seq]));
  }, 120_000);
  afterAll(async () => {
    await superuser?.close();
    await sealed?.close();
  });

  const classOf = ({ leaf_index: leaf }: StoredEvent): Class =>
    leaf === null ? 'unsealed' : leaf < anchored ? 'anchored' : 'sealed';
  const check = (known = views, blind: Blindness = seesAll) =>
    checkTrail({ source: blind.source(superuser.book()), trusted: sealed.keys.trusted(), anchors: known }).then(
      blind.report,
    );
  const eventsOf = async (): Promise<readonly StoredEvent[]> => {
    const found: StoredEvent[] = [];
    for await (const page of superuser.book().allEvents()) found.push(...page);
    return found;
  };

  interface Storm {
    readonly withKey?: boolean;
    readonly known?: readonly AnchorView[];
    readonly blind?: Blindness;
  }
  async function storm(where: Class, count: number, given: Storm = {}) {
    const { withKey = false, known = views, blind = seesAll } = given;
    const dice = diceOf(SEED + where.length + (withKey ? 1 : 0));
    const targets = events.filter((event) => classOf(event) === where);
    const signer = withKey ? sealed.keys.current((await sealed.book.state()).origin) : null;
    const tally = { attacks: 0, detected: 0, located: 0, missed: [] as string[], wrong: [] as string[] };
    const tried = new Set<(typeof REAL_ATTACKS)[number]>();
    for (let turn = 0; tally.attacks < count; turn += 1) {
      const target = targets[dice(targets.length)] as StoredEvent;
      const chosen = REAL_ATTACKS[turn % REAL_ATTACKS.length] as (typeof REAL_ATTACKS)[number];
      const { kind, careful } = chosen;
      const last = lasts.get(target.stream) ?? target.seq;
      const attacked = { kind, careful, target, last };
      const name = `${kind}${careful ? ', careful' : ''}, event ${target.seq} of ${target.stream}`;
      await superuser.undone(async () => {
        if (!(await attackStore(superuser, target, { kind, careful, signer }, { last, dice }))) return;
        const report = await check(known, blind);
        tried.add(chosen);
        tally.attacks += 1;
        if (report.ok) tally.missed.push(name);
        else tally.detected += 1;
        const isNamed = isLocated(report, attacked);
        if (isNamed) tally.located += 1;
        if (showsByItself(attacked) && !isNamed) tally.wrong.push(`${name}: was not named at its place`);
        const wrong = where === 'unsealed' ? wrongAboutUnsealed(report, attacked, targets, await eventsOf()) : null;
        if (wrong !== null) tally.wrong.push(`${name}: ${wrong}`);
      });
    }
    expect(tried.size).toBe(REAL_ATTACKS.length);
    return tally;
  }

  const told = (what: string, { attacks, detected, located }: Awaited<ReturnType<typeof storm>>): void =>
    record(`${what}, on PostgreSQL`, { attacks, detected, located_to_the_record: located });

  it.each([true, false])(
    'on what an anchor covers are all detected, and located to the record in 99 of 100; with the key: %s',
    async (withKey) => {
      const tally = await storm('anchored', ATTACKS / 2, { withKey });
      told(`covered by an anchor, ${withKey ? 'with' : 'without'} the key`, tally);
      expect([...tally.missed, ...tally.wrong]).toEqual([]);
      expect(tally.located / tally.attacks).toBeGreaterThanOrEqual(0.99);
    },
  );

  it('without the key on what is sealed and not anchored are all detected', async () => {
    const tally = await storm('sealed', ATTACKS);
    told('sealed, not anchored, without the key', tally);
    expect([...tally.missed, ...tally.wrong]).toEqual([]);
  });

  it('on what is younger than the last seal are detected, or hit what is shown as not yet protected', async () => {
    const tally = await storm('unsealed', ATTACKS);
    told('younger than the last seal', tally);
    expect(tally.wrong).toEqual([]);
  });

  it('are missed with the key by a verifier that does not look at its anchors, so that these tests can fail', async () => {
    const tally = await storm('anchored', Math.min(ATTACKS, 100), { withKey: true, known: [] });
    expect(tally.missed.length).toBeGreaterThan(0);
  });

  it.each([
    ['looks at the columns of young events', 'edit, event', blindTo(({ preimage }) => ({ columns: preimage }))],
    ['looks at the values of young events', 'edit values, event', blindTo(() => ({ salt: null }))],
    ['counts young events', 'rewrite, event', { ...seesAll, report: (all: TrailReport) => ({ ...all, unsealed: 0 }) }],
  ])('are told apart from a verifier that never %s, so that these tests can fail', async (_what, kind, blind) => {
    const { wrong } = await storm('unsealed', REAL_ATTACKS.length * 2, { blind });
    expect(wrong).toContainEqual(expect.stringContaining(kind));
  });

  it('leave the store as it was, each time', async () => {
    const { ok, findings } = await superuser.undone(() => check());
    expect([ok, findings]).toEqual([true, []]);
  });
});
