import { join } from 'node:path';
import { anchorWhatIsDue, checkTrail, readAnchors, viewsOf, type AnchorView, type StoredEvent } from '../../lib/seal';
import { thisMachine } from '../../lib/runtime/machine';
import { openSealedPostgres, type SealedStore } from '../seal/sealed-store';
import { describeOnPostgres } from '../support/postgres';
import { diceOf } from './attacks';
import { record, SEED } from './measured';
import { attackStore, REAL_ATTACKS } from './real-attacks';
import { Superuser } from './superuser';

/** A hundred in each class; the long run (TAMPER_REAL) makes it more. */
const ATTACKS = Number(process.env['TAMPER_REAL'] ?? 100);
jest.setTimeout(ATTACKS > 100 ? 1_800_000 : 300_000);

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
    const found: StoredEvent[] = [];
    for await (const page of book.allEvents()) found.push(...page);
    events = found;
    lasts = new Map(found.map(({ stream, seq }) => [stream, seq]));
  }, 120_000);
  afterAll(async () => {
    await superuser?.close();
    await sealed?.close();
  });

  const classOf = ({ leaf_index: leaf }: StoredEvent): Class =>
    leaf === null ? 'unsealed' : leaf < anchored ? 'anchored' : 'sealed';
  const check = (known = views) =>
    checkTrail({ source: superuser.book(), trusted: sealed.keys.trusted(), anchors: known });

  async function storm(where: Class, withKey: boolean, count: number, known = views) {
    const dice = diceOf(SEED + where.length + (withKey ? 1 : 0));
    const targets = events.filter((event) => classOf(event) === where);
    const signer = withKey ? sealed.keys.current((await sealed.book.state()).origin) : null;
    const tally = { attacks: 0, detected: 0, located: 0, missed: [] as string[] };
    for (let turn = 0; tally.attacks < count; turn += 1) {
      const target = targets[dice(targets.length)] as StoredEvent;
      const { kind, careful } = REAL_ATTACKS[turn % REAL_ATTACKS.length] as (typeof REAL_ATTACKS)[number];
      const last = lasts.get(target.stream) ?? target.seq;
      await superuser.undone(async () => {
        if (!(await attackStore(superuser, target, { kind, careful, signer }, { last, dice }))) return;
        const { ok, findings, unsealed } = await check(known);
        tally.attacks += 1;
        if (!ok) tally.detected += 1;
        else tally.missed.push(`${kind}${careful ? ', careful' : ''}, event ${target.seq} of ${target.stream}`);
        if (findings.some(({ place }) => isAt(place, target, last))) tally.located += 1;
        if (where === 'unsealed') expect([kind, ok && unsealed === 0 && kind !== 'tail cut']).toEqual([kind, false]);
      });
    }
    return tally;
  }

  const told = (what: string, { attacks, detected, located }: Awaited<ReturnType<typeof storm>>): void =>
    record(`${what}, on PostgreSQL`, { attacks, detected, located_to_the_record: located });

  it.each([true, false])(
    'on what an anchor covers are all detected, and located to the record in 99 of 100; with the key: %s',
    async (withKey) => {
      const tally = await storm('anchored', withKey, ATTACKS / 2);
      told(`covered by an anchor, ${withKey ? 'with' : 'without'} the key`, tally);
      expect(tally.missed).toEqual([]);
      expect(tally.located / tally.attacks).toBeGreaterThanOrEqual(0.99);
    },
  );

  it('without the key on what is sealed and not anchored are all detected', async () => {
    const tally = await storm('sealed', false, ATTACKS);
    told('sealed, not anchored, without the key', tally);
    expect(tally.missed).toEqual([]);
  });

  it('on what is younger than the last seal are detected, or hit what is shown as not yet protected', async () => {
    const tally = await storm('unsealed', false, ATTACKS);
    told('younger than the last seal', tally);
    expect(tally.attacks).toBe(ATTACKS);
  });

  it('are missed with the key by a verifier that does not look at its anchors, so that these tests can fail', async () => {
    const tally = await storm('anchored', true, Math.min(ATTACKS, 100), []);
    expect(tally.missed.length).toBeGreaterThan(0);
  });

  it('leave the store as it was, each time', async () => {
    const { ok, findings } = await superuser.undone(() => check());
    expect([ok, findings]).toEqual([true, []]);
  });
});

interface Place {
  readonly stream?: string;
  readonly seq?: number;
  readonly leaves?: { readonly from: number; readonly to: number };
}

/** The record, its neighbour, or the end of the chain where a copy was laid; or its leaf. */
function isAt(place: Place, { stream, seq, leaf_index: leaf }: StoredEvent, last: number): boolean {
  const { from = 0, to = 0 } = place.leaves ?? {};
  const isEvent = place.stream === stream && (Math.abs((place.seq ?? 0) - seq) <= 1 || place.seq === last + 1);
  return isEvent || (leaf !== null && (from === leaf || from === leaf + 1) && to > leaf);
}
