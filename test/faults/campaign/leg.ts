import { randomFrom } from '../../intake/support';
import { startSandboxProcess, type SandboxProcess } from '../../support/sandbox';
import { until } from '../../support/until';
import { postgresUrl } from '../../support/postgres-driver';
import type { AuditorOrder, Bug } from '../order';
import { startAuditor, type Auditor } from './auditor';
import { findingsOf, readEvidence, type Findings } from './findings';
import { openGround, type Ground, type Programs, type StoreKind } from './ground';
import { openOffice, type Office } from './office';
import { openRelay, type Relay } from './relay';

/** What a round has at its command: one process under test, which begins and ends with the round. */
export interface Scene {
  readonly ground: Ground;
  readonly relay: Relay;
  readonly office: Office;
  /** A whole number below its argument, the same for the same seed. */
  readonly dice: (below: number) => number;
  /** False where a bug is planted. */
  readonly isHonest: boolean;
  /** Starts the process under test; the relay sends to it from then on. */
  begin(order?: Partial<AuditorOrder>): Promise<Auditor>;
}

/** One trouble: it makes its callbacks, lets something go wrong meanwhile, and leaves no process behind. */
export interface Round {
  /** For the results: `kill`, `stop of the database`, ... */
  readonly fault: string;
  readonly point: string;
  readonly moment: string;
  readonly callbacks: number;
  run(scene: Scene, round: number): Promise<void>;
}

export interface RoundResult extends Findings {
  readonly round: number;
  readonly fault: string;
  readonly point: string;
  readonly moment: string;
  readonly sent: number;
  readonly acknowledged: number;
  readonly seconds: number;
}

export interface LegResult {
  readonly rounds: readonly RoundResult[];
  readonly brokenChains: readonly string[];
  readonly wrongAnswers: readonly number[];
  /** Callbacks that were given up after eight tries, visible, and put back to work by the command for that. */
  readonly deadLetters: number;
  readonly refusals: number;
  readonly seconds: number;
}

export interface Leg {
  readonly store: StoreKind;
  readonly seed: number;
  readonly rounds: readonly Round[];
  readonly programs: Programs;
  readonly bug?: Bug;
  /** Planted in the store itself. */
  readonly spoil?: (ground: Ground) => Promise<void>;
  /** How long all may take to come to rest after the last round. */
  readonly restMilliseconds?: number;
  readonly onRound?: (round: number, seconds: number) => void;
}

/**
 * One store, from empty to audited: sheets are watched, the rounds go by, everything comes to rest, and what the store
 * then holds is compared with what was acknowledged and changed.
 */
export async function runLeg(leg: Leg): Promise<LegResult> {
  const began = performance.now();
  const cells = leg.rounds.reduce((sum, { callbacks }) => sum + callbacks, 0);
  const dice = randomFrom(leg.seed);
  const ground = await openGround(leg.store, leg.programs);
  const sandbox = await startSandboxProcess('--no-rate-limits', '--seed', String(leg.seed));
  const relay = await openRelay(dice);
  try {
    const office = await openOffice(sandbox, cells, dice);
    const scene = sceneOf(leg, { ground, relay, office, dice, sandbox });
    await setUp(scene);
    await leg.spoil?.(ground);
    const seconds: number[] = [];
    for (const [number, round] of leg.rounds.entries()) {
      const start = performance.now();
      relay.begin(number);
      await round.run(scene, number);
      seconds.push((performance.now() - start) / 1000);
      leg.onRound?.(number, seconds[number] ?? 0);
    }
    const deadLetters = await comeToRest(scene, leg.restMilliseconds ?? 480_000);
    const rounds = await audited(leg, scene, seconds);
    return {
      ...rounds,
      deadLetters,
      wrongAnswers: relay.wrongAnswers,
      refusals: relay.refusals(),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await relay.close();
    await sandbox.stop();
    ground.close();
  }
}

function sceneOf(leg: Leg, parts: Omit<Scene, 'begin' | 'isHonest'> & { readonly sandbox: SandboxProcess }): Scene {
  const { ground, relay, office, sandbox, dice } = parts;
  const plain: AuditorOrder = {
    home: ground.home,
    workerPath: ground.workerPath,
    migrations: ground.migrations,
    postgres: ground.server === null ? null : postgresUrl(ground.server.folder),
    journal: null,
    base: `${sandbox.url}/2.0`,
    sheetIds: office.sheetIds,
    publicUrl: relay.url,
    death: null,
    bug: leg.bug ?? null,
  };
  return {
    ground,
    relay,
    office,
    dice,
    isHonest: leg.bug === undefined && leg.spoil === undefined,
    begin: async (order = {}) => {
      const auditor = await startAuditor(leg.programs.auditor, { ...plain, ...order });
      if (!auditor.isOver()) relay.to(auditor.port);
      return auditor;
    },
  };
}

/** The first look at the sheets and their webhooks, without trouble. */
async function setUp({ begin, office, relay }: Scene): Promise<void> {
  const auditor = await begin();
  await auditor.watches(office.sheetIds.length);
  relay.to(null);
  await auditor.kill();
}

/** Without trouble: until all is acknowledged and nothing waits. @returns how many letters had died */
async function comeToRest({ begin, relay, isHonest }: Scene, within: number): Promise<number> {
  const auditor = await begin();
  let dead = 0;
  const rests = async (): Promise<boolean> => {
    const counts = await auditor.rpc<Record<string, number>>('billing_audit_counts');
    if ((counts['callbacks_dead'] ?? 0) > 0) {
      dead += counts['callbacks_dead'] ?? 0;
      await auditor.rpc('billing_audit_replay_dead', { ids: 'all', by: 'campaign@example.com' });
      return false;
    }
    const { callbacks_waiting = 0, changes_waiting = 0, changes_leased = 0, changes_provisional = 0 } = counts;
    const inStore = callbacks_waiting + changes_waiting + changes_leased + changes_provisional;
    const waits = relay.left() + (await auditor.inboxWaits()) + inStore;
    if (waits > 0) throw new Error(`${relay.left()} not acknowledged; ${JSON.stringify(counts)}`);
    return true;
  };
  try {
    await until(rests, 'everything to come to rest', within).catch((thrown: unknown) => {
      // Late is not lost: nothing can be said of a leg that is still at work. A planted bug may keep it so for ever.
      if (isHonest) throw new Error(`${String(thrown)} ${auditor.complaints()}`, { cause: thrown });
    });
  } finally {
    relay.to(null);
    await auditor.kill();
  }
  return dead;
}

async function audited(
  { rounds }: Leg,
  { ground, relay, office }: Scene,
  seconds: readonly number[],
): Promise<Pick<LegResult, 'rounds' | 'brokenChains'>> {
  const evidence = await readEvidence(ground);
  const letters = [...relay.letters.values()];
  const results = rounds.map(({ fault, point, moment }, round): RoundResult => {
    const own = letters.filter((letter) => letter.round === round);
    const edits = office.edits.filter((edit) => edit.round === round);
    return {
      round,
      fault,
      point,
      moment,
      sent: own.length,
      acknowledged: own.filter(({ acknowledged }) => acknowledged).length,
      ...findingsOf(evidence, own, edits),
      seconds: Math.round((seconds[round] ?? 0) * 100) / 100,
    };
  });
  return { rounds: results, brokenChains: evidence.brokenChains };
}
