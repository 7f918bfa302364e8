import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../lib/errors';
import { plantedBugs } from './campaign/bugs';
import { wrongIn } from './campaign/findings';
import { buildPrograms, STORES, type Programs, type StoreKind } from './campaign/ground';
import { killRounds } from './campaign/kills';
import { runLeg, type Leg, type LegResult } from './campaign/leg';
import { canMountSmallDisk } from './campaign/small-disk';
import { troubleRounds } from './campaign/troubles';

const HELP = `The long fault campaign: npm run test:faults -- [options]

  --store embedded|postgres  only this store (default: both, one after the other)
  --callbacks N              callbacks of the kills on each store (default 50000)
  --kills N                  kill -9 of our process on each store, at six points in turn (default 200)
  --stops N                  stops of PostgreSQL itself, half by pg_ctl -m immediate, half by SIGKILL (default 6)
  --seed N                   what is done in which order (default 20260105)
  --minutes N                begins no new leg after so many minutes (default 60); start it again to go on
  --out FOLDER               where the results go (default build/measured; finished ones are kept in docs/measured)
  --help                     this

It goes on where it was stopped: what is in faults-<store>.jsonl for this seed and these counts is not done again. Each
line is a round: seed, commit, store, fault, point, moment, sent, acknowledged, lost, doubled, seconds. It ends with 0
only when every line says 0 lost and 0 doubled, and every planted bug was seen.
`;

const KILLS_IN_A_LEG = 12;
const CALLBACKS_IN_A_TROUBLE = 250;

interface Wishes {
  readonly stores: readonly StoreKind[];
  readonly callbacks: number;
  readonly kills: number;
  readonly stops: number;
  readonly seed: number;
  readonly minutes: number;
  readonly out: string;
}

/** A leg of the campaign by its name, which the results carry so that it is not done twice. */
interface PlannedLeg extends Pick<Leg, 'store' | 'rounds' | 'seed' | 'bug' | 'spoil'> {
  readonly name: string;
  /** What must be found, where a bug is planted. */
  readonly shows: string | null;
  readonly plantedBug: string | null;
}

void main();

async function main(): Promise<void> {
  const wishes = readWishes();
  if (wishes === null) return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const programs = buildPrograms();
  const commit = commitHere();
  const end = Date.now() + wishes.minutes * 60_000;
  let wrong = 0;
  for (const leg of wishes.stores.flatMap((store) => plan(store, wishes))) {
    const file = resolve(wishes.out, `faults-${leg.store}.jsonl`);
    const before = outcomeIn(file, leg.name);
    if (before !== null) {
      say(`${leg.store}, ${leg.name}: done before, ${before ? 'held' : 'did NOT hold'}`);
      wrong += before ? 0 : 1;
    } else if (Date.now() > end) say(`${leg.store}, ${leg.name}: left for the next time`);
    else {
      wrong += await runPlanned(leg, { file, commit, programs }).catch((thrown: unknown) => {
        say(`${leg.store}, ${leg.name}: could not be run to its end: ${messageOf(thrown)}`);
        return 1;
      });
    }
  }
  say(wrong === 0 ? 'All that was run held.' : `${wrong} legs did not hold.`);
  process.exit(wrong === 0 ? 0 : 1);
}

function readWishes(): Wishes | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      long: { type: 'boolean' },
      help: { type: 'boolean' },
      store: text,
      callbacks: text,
      kills: text,
      stops: text,
      seed: text,
      minutes: text,
      out: text,
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return null;
  }
  const stores = STORES.filter((store) => values.store === undefined || values.store === store);
  if (stores.length === 0) misused(`--store ${values.store ?? ''}`);
  const number = (name: 'callbacks' | 'kills' | 'stops' | 'seed' | 'minutes', otherwise: number): number => {
    const given = Number(values[name] ?? otherwise);
    if (!Number.isInteger(given) || given < 0) misused(`--${name} ${values[name] ?? ''}`);
    return given;
  };
  return {
    stores,
    callbacks: number('callbacks', 50_000),
    kills: number('kills', 200),
    stops: number('stops', 6),
    seed: number('seed', 20260105),
    minutes: number('minutes', 60),
    out: values.out ?? 'build/measured',
  };
}

function misused(what: string): never {
  process.stderr.write(`"${what}" is not understood.\n\n${HELP}`);
  process.exit(2);
}

function plan(store: StoreKind, { callbacks, kills, stops, seed }: Wishes): PlannedLeg[] {
  const canFill = canMountSmallDisk();
  if (!canFill) say(`${store}: the full disk is left out, since no small disk can be mounted here.`);
  const honest = { store, shows: null, plantedBug: null };
  const each = Math.ceil(callbacks / Math.max(1, kills));
  const killLegs = inLegs(killRounds(kills, each)).map((rounds, leg) => ({
    ...honest,
    name: `kills ${leg * KILLS_IN_A_LEG + 1} to ${leg * KILLS_IN_A_LEG + rounds.length}, ${each} callbacks each, seed ${seed + leg}`,
    seed: seed + leg,
    rounds,
  }));
  const troubles = troubleRounds(store, { stops, callbacks: CALLBACKS_IN_A_TROUBLE, canFill });
  const troubleLeg = { ...honest, name: `${troubles.length} troubles, seed ${seed}`, seed, rounds: troubles };
  const bugs = plantedBugs(store, canFill).map(({ name, bug, ...rest }) => ({
    ...rest,
    name: `planted bug: ${name}, seed ${seed}`,
    seed,
    plantedBug: name,
    ...(bug !== null && { bug }),
  }));
  // The first bug early: a campaign that sees nothing should say so soon.
  return [...(troubles.length > 0 ? [troubleLeg] : []), ...bugs.slice(0, 1), ...killLegs, ...bugs.slice(1)];
}

function inLegs<Each>(rounds: readonly Each[]): Each[][] {
  const legs = Math.ceil(rounds.length / KILLS_IN_A_LEG);
  return Array.from({ length: legs }, (_, leg) => rounds.slice(leg * KILLS_IN_A_LEG, (leg + 1) * KILLS_IN_A_LEG));
}

/** @returns 1 when it did not hold */
async function runPlanned(
  leg: PlannedLeg,
  { file, commit, programs }: { readonly file: string; readonly commit: string; readonly programs: Programs },
): Promise<number> {
  const { name, store, rounds } = leg;
  const result = await runLeg({
    ...leg,
    programs,
    onRound: (round, seconds) => {
      const { fault, point, moment } = rounds[round] ?? { fault: '', point: '', moment: '' };
      say(`${store}, ${name}: ${round + 1}/${rounds.length} ${fault}, ${point}, ${moment} (${seconds.toFixed(1)} s)`);
    },
  });
  const wrong = wrongIn(result);
  const held = leg.shows === null ? Object.keys(wrong).length === 0 : (wrong[leg.shows] ?? 0) > 0;
  keep(file, linesOf(leg, commit, result, held));
  const tail =
    leg.shows === null ? '' : held ? ', and so the planted bug was seen' : ', so the planted bug was NOT seen';
  say(`${store}, ${name}: ${JSON.stringify(wrong)} wrong, ${result.seconds.toFixed(0)} s${tail}`);
  return held ? 0 : 1;
}

function linesOf(leg: PlannedLeg, commit: string, result: LegResult, held: boolean): object[] {
  const { name, store, seed, plantedBug } = leg;
  const rounds = result.rounds.map(({ lostCallbacks, lostChanges, doubledCallbacks, doubledChanges, ...round }) => {
    const { fault, point, moment, sent, acknowledged, seconds } = round;
    return {
      seed,
      commit,
      store,
      leg: name,
      ...(plantedBug !== null && { plantedBug }),
      round: round.round + 1,
      fault,
      point,
      moment,
      sent,
      acknowledged,
      lost: lostCallbacks + lostChanges,
      doubled: doubledCallbacks + doubledChanges,
      seconds,
    };
  });
  const { brokenChains, wrongAnswers, deadLetters, refusals, seconds } = result;
  const whole = {
    seed,
    commit,
    store,
    leg: name,
    held,
    brokenChains: brokenChains.length,
    wrongAnswers: wrongAnswers.length,
    deadLetters,
    refusedWhileAway: refusals,
    seconds: Math.round(seconds),
  };
  return [...rounds, whole];
}

/** All of a leg at once: a leg that was broken off leaves nothing behind. */
function keep(file: string, lines: readonly object[]): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Whether a leg held that was done before; null: it was not done. */
function outcomeIn(file: string, name: string): boolean | null {
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const outcomes = lines.flatMap((line) => {
    const { leg, held } = JSON.parse(line) as { leg?: string; held?: boolean };
    return leg === name && held !== undefined ? [held] : [];
  });
  return outcomes.at(-1) ?? null;
}

function commitHere(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
