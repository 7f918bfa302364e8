import type { StoredEvent, TrailReport } from '../../lib/seal';
import { attack, diceOf, KINDS, type Dice, type Kind } from './attacks';
import { showsByItself } from './expected';
import { record, SEED } from './measured';
import { PaperTrail, START } from './paper-trail';

/** At least a thousand in each class; TAMPER_ATTACKS makes it more. */
const ATTACKS = Number(process.env['TAMPER_ATTACKS'] ?? 1000);
const HONEST = Number(process.env['TAMPER_HONEST'] ?? 100);

type Class = 'anchored' | 'sealed' | 'unsealed';

/** An honest history: appends, seals, anchors, crashes between any two of them. */
function honest(dice: Dice): { readonly trail: PaperTrail; readonly anchored: number; readonly sealed: number } {
  const trail = new PaperTrail();
  let [clock, made, anchored] = [START, 0, 0];
  const grow = (count: number): void => {
    for (let each = 0; each < count; each += 1) {
      clock += 1000 * (1 + dice(60));
      trail.append(`sheet:${1 + dice(3)}`, clock, String((made += 1)));
    }
  };
  for (let round = 0; round < 2 + dice(2); round += 1) {
    grow(4 + dice(6));
    const memory = trail.lastSigned;
    trail.seal((clock += 1000));
    // A crash between storing a checkpoint and remembering it.
    if (dice(5) === 0) trail.lastSigned = memory;
    else if (dice(3) > 0 || round === 0) {
      trail.anchor();
      anchored = trail.leaves.length;
    }
  }
  grow(4 + dice(4));
  trail.seal((clock += 1000));
  grow(3 + dice(4));
  return { trail, anchored, sealed: trail.leaves.length };
}

function targetsOf({ trail, anchored, sealed }: ReturnType<typeof honest>, where: Class): readonly StoredEvent[] {
  const classOf = ({ leaf_index: leaf }: StoredEvent): Class =>
    leaf === null || leaf >= sealed ? 'unsealed' : leaf < anchored ? 'anchored' : 'sealed';
  return trail.events.filter((event) => classOf(event) === where);
}

interface Tally {
  attacks: number;
  detected: number;
  /** The record itself was named. */
  located: number;
  readonly missed: string[];
}

/** The very event or its leaf, that of a copy behind it, or all leaves from its own on: a neighbour does not count. */
function isNamed({ findings }: TrailReport, { stream, seq, leaf_index: leaf }: StoredEvent, kind: Kind): boolean {
  return findings.some(({ place }) => {
    const isAt = (by: number): boolean => {
      if (place.stream === stream && place.seq === seq + by) return true;
      const { from, to } = place.leaves ?? { from: -1, to: -1 };
      return leaf !== null && from === leaf + by && (to === from + 1 || kind === 'tail cut' || kind === 'forked copy');
    };
    // What was slipped in before an event took its number.
    return isAt(0) || (['duplicate', 'insert'].includes(kind) && isAt(1));
  });
}

async function storm(where: Class, withKey: boolean, count: number, blind = false): Promise<Tally> {
  const tally: Tally = { attacks: 0, detected: 0, located: 0, missed: [] };
  for (let run = 0; tally.attacks < count; run += 1) {
    const dice = diceOf(SEED + run * 7919 + where.length);
    const whole = honest(dice);
    const targets = targetsOf(whole, where);
    if (targets.length === 0) continue;
    if (where === 'unsealed' && run % 10 === 0) {
      expect(await whole.trail.check()).toMatchObject({ ok: true, unsealed: targets.length });
    }
    const index = whole.trail.events.indexOf(targets[dice(targets.length)] as StoredEvent);
    for (const kind of KINDS) {
      if (tally.attacks >= count) break;
      const trail = whole.trail.copy();
      const target = trail.events[index] as StoredEvent;
      // What is slipped in behind the last anchored event lies outside of what the anchor covers.
      if (kind === 'duplicate' && where === 'anchored' && (target.leaf_index ?? 0) + 1 >= whole.anchored) continue;
      const was = { ...target };
      const careful = dice(2) === 1;
      if (!attack(trail, target, { kind, careful, withKey }, dice)) continue;
      const report = await trail.check({ blind });
      tally.attacks += 1;
      if (!report.ok) tally.detected += 1;
      else tally.missed.push(`${kind}${careful ? ', careful' : ''} (seed ${SEED}, run ${run})`);
      if (isNamed(report, was, kind)) tally.located += 1;
      if (where === 'unsealed' && report.ok) {
        const unsealed = trail.events.filter(({ leaf_index }) => leaf_index === null).length;
        const seen = { kind, careful, run, mayHide: !showsByItself({ kind, careful }), unsealed: report.unsealed };
        expect(seen).toEqual({ kind, careful, run, mayHide: true, unsealed });
      }
    }
  }
  return tally;
}

const told = (what: string, { attacks, detected, located }: Tally): void =>
  record(what, { attacks, detected, located_to_the_record: located });

describe('attacks by a superuser', () => {
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

  it('with the key on what is sealed and not anchored are counted: only an anchor shows a careful one', async () => {
    const tally = await storm('sealed', true, ATTACKS / 4);
    told('sealed, not anchored, with the key', tally);
    expect(tally.missed.filter((text) => !/careful|tail cut|rewrite|forked/.test(text))).toEqual([]);
  });

  it('on what is younger than the last seal are detected, or hit what is shown as not yet protected', async () => {
    const tally = await storm('unsealed', false, ATTACKS);
    told('younger than the last seal', tally);
    expect(tally.attacks).toBe(ATTACKS);
  });

  it('are missed by a verifier that does not look at its anchors, so that these tests can fail', async () => {
    const tally = await storm('anchored', true, 200, true);
    expect(tally.missed.length).toBeGreaterThan(0);
  });
});

it('raises no false alarm in honest runs with crashes', async () => {
  let alarms = 0;
  for (let run = 0; run < HONEST; run += 1) {
    const { trail } = honest(diceOf(SEED + run));
    const { findings } = await trail.check();
    expect([run, findings]).toEqual([run, []]);
    alarms += findings.length;
  }
  record('honest runs with crashes', { runs: HONEST, false_alarms: alarms });
});
