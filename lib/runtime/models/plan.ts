import type { Stop } from '../../define';
import { messageOf } from '../../errors';
import { FEWEST_EVENTS, isJudged } from '../../risk';
import type { ModelStore } from '../../store/models';
import type { Machine } from '../machine';
import type { ModelDesk, TrainingPlan, TrainingReport, TrainOrder } from './desk';

const FIRST_LOOK_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 600_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** A first model of fewer events would call everything strange that it has not seen yet. */
const FIRST_FROM = 1_000;

export interface AttendParts {
  readonly plan: TrainingPlan;
  readonly told: Parameters<ModelDesk['attend']>[1];
  readonly store: Pick<ModelStore, 'models' | 'labels' | 'trailLines'>;
  readonly machine: Pick<Machine, 'now' | 'sleep'>;
  /** How the world has changed since the last training, in words; null: it has not. */
  readonly drift: () => string | null;
  /** Whether this version cannot read the model in force, so that rule points stand alone. */
  readonly isUnreadable: () => Promise<boolean>;
  readonly train: (order: TrainOrder) => Promise<TrainingReport>;
}

/** Whether a plan trains by itself at all. */
function isByItself({ everyDays, afterLabels, onDrift }: TrainingPlan): boolean {
  return everyDays > 0 || afterLabels > 0 || onDrift;
}

/**
 * Looks every ten minutes whether it is time to train. A failure is shown, and tried again by the next look. A stop does not wait for
 * a training: that one ends by itself, and its model is kept. A plan without any reason is attended by nobody.
 */
export function attendPlan({ plan, told, store, machine, drift, isUnreadable, train }: AttendParts): Stop {
  if (!isByItself(plan)) return () => Promise.resolve();
  const ending = new AbortController();
  const stopped = new Promise<null>((resolve) => ending.signal.addEventListener('abort', () => resolve(null)));
  let tried = -Infinity;
  const run = async (): Promise<void> => {
    for (let pause = FIRST_LOOK_MILLISECONDS; ; pause = LOOK_MILLISECONDS) {
      await machine.sleep(pause, ending.signal).catch(() => undefined);
      if (ending.signal.aborted) return;
      try {
        const since = { drifted: drift(), isUnreadable: await isUnreadable(), tried };
        const why = await whyNow(plan, store, machine.now(), since);
        if (why === null) continue;
        told.show({ state: 'working', text: `training: ${inBrief(why)}` });
        const report = await Promise.race([train({ ...plan, by: `Model Training (${why})` }), stopped]);
        if (report === null) return;
        told.trained(report);
        tried = machine.now();
      } catch (thrown) {
        told.show({ state: 'error', text: messageOf(thrown) });
      }
    }
  };
  const running = run();
  return async () => {
    ending.abort();
    await running;
  };
}

interface Since {
  readonly drifted: string | null;
  readonly isUnreadable: boolean;
  readonly tried: number;
}

/**
 * Why a model is to be trained now, in a few words; null: it is not.
 * @param since.drifted  what has changed in the world, in words; null: nothing
 * @param since.isUnreadable  this version cannot read the model in force: after an upgrade, or because it is damaged
 * @param since.tried  when it was trained last, in milliseconds since 1970: where nothing new came since, the same model came of
 *   it, whose row says when it came for the first time
 */
export async function whyNow(
  { everyDays, afterLabels, onDrift }: TrainingPlan,
  store: AttendParts['store'],
  now: number,
  { drifted, isUnreadable, tried }: Since,
): Promise<string | null> {
  const [last] = await store.models(1);
  if (!last) return everyDays > 0 && (await hasEnough(store)) ? 'there was no model yet' : null;
  const trained = Math.max(Date.parse(last.created_at), tried);
  const age = (now - trained) / DAY;
  // An hour at least, so that what the gates refuse is not trained at every look; a model of this process that waits for a
  // decision is not trained again beside it.
  const isWaiting = last.status === 'challenger' && tried !== -Infinity;
  if (isUnreadable && !isWaiting && now - trained >= HOUR) return 'this version cannot read the model in force';
  if (everyDays > 0 && age >= everyDays) return `the last is ${Math.floor(age)} days old`;
  // A day at least, so that a world in motion does not train all day.
  if (onDrift && drifted !== null && age >= 1) return drifted;
  if (afterLabels === 0) return null;
  // A verdict counts a day after it was given.
  const fresh = (await store.labels()).filter(({ marked_at }) => {
    const counts = Date.parse(marked_at) + DAY;
    return counts > trained && counts <= now;
  }).length;
  return fresh >= afterLabels ? `${fresh} new verdicts` : null;
}

/** What follows a colon is for the trail; a status is short. */
function inBrief(why: string): string {
  return why.split(':')[0] as string;
}

/** Of lines that tell of changes: a directory of people is nothing to learn from. */
async function hasEnough(store: Pick<ModelStore, 'trailLines'>): Promise<boolean> {
  const wanted = Math.max(FIRST_FROM, FEWEST_EVENTS);
  let events = 0;
  for (let after: number | null = 0; after !== null && events < wanted;) {
    const page = await store.trailLines(after, 500);
    events += page.lines.filter(({ kind }) => isJudged(kind)).length + page.imported.length;
    after = page.next;
  }
  return events >= wanted;
}
