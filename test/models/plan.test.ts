import type { TrainingReport } from '../../lib/runtime/models/desk';
import { attendPlan, type AttendParts, whyNow } from '../../lib/runtime/models/plan';
import { defaultSettings } from '../../lib/settings';
import type { Feedback, StoredModel, TrailLine } from '../../lib/store';
import { trainModel } from '../../nodes/model-training/train';
import { modelTraining } from '../../nodes/model-training';

const NOW = Date.parse('2026-02-01T00:00:00.000Z');
const plan = { everyDays: 7, afterLabels: 2, onDrift: true, promote: true, seed: 0, most: 100, by: 'a test' };
const daysAgo = (days: number): string => new Date(NOW - days * 86_400_000).toISOString();

/** A store whose last training was so many days ago, with verdicts given so many days ago. */
function storeWith(
  trainedDaysAgo: number | null,
  events: number,
  verdictsDaysAgo: readonly number[] = [],
  imported: readonly number[] = [],
  kind = 'cell_changed',
) {
  const last = trainedDaysAgo === null ? [] : [{ created_at: daysAgo(trainedDaysAgo) } as StoredModel];
  return {
    models: async () => last,
    labels: async () => verdictsDaysAgo.map((days) => ({ marked_at: daysAgo(days) }) as Feedback),
    trailLines: async () => ({
      lines: Array<TrailLine>(events).fill({ kind } as TrailLine),
      next: null,
      settled: 0,
      imported,
    }),
  };
}

/** The same, and what was trained last waits for an administrator. */
function waiting(store: ReturnType<typeof storeWith>): ReturnType<typeof storeWith> {
  return { ...store, models: async () => (await store.models()).map((each) => ({ ...each, status: 'challenger' })) };
}

describe('a training is due', () => {
  it.each([
    ['the first time, from 1,000 changes on', plan, storeWith(null, 1000), null, 'there was no model yet'],
    ['and imported ones count', plan, storeWith(null, 300, [], [...Array(700).keys()]), null, 'there was no model yet'],
    ['a directory of people is none', plan, storeWith(null, 1000, [], [], 'person_saved'), null, null],
    ['not before that', plan, storeWith(null, 999), null, null],
    ['when the last is as old as wanted', plan, storeWith(7, 0), null, 'the last is 7 days old'],
    ['not while it is younger', plan, storeWith(6.9, 0), null, null],
    ['never for its age, where that is off', { ...plan, everyDays: 0 }, storeWith(90, 0), null, null],
    ['when scores drift, a day after the last', plan, storeWith(1, 0), 'scores have drifted', 'scores have drifted'],
    ['not for that twice a day', plan, storeWith(0.9, 0), 'scores have drifted', null],
    ['not for that, where it is off', { ...plan, onDrift: false }, storeWith(2, 0), 'scores have drifted', null],
    ['after enough verdicts that count by now', plan, storeWith(3, 0, [1.5, 2, 9]), null, '2 new verdicts'],
    ['not while one of them is too fresh', plan, storeWith(3, 0, [0.5, 2]), null, null],
  ])('%s', async (_, given, store, drifted, why) => {
    expect(await whyNow(given, store, NOW, { drifted, isUnreadable: false, tried: -Infinity })).toBe(why);
  });

  it.each([
    ['its age', plan, storeWith(30, 0)],
    ['drift', plan, storeWith(30, 0)],
    ['verdicts', { ...plan, everyDays: 0 }, storeWith(30, 0, [3, 3, 3])],
  ])('not again for %s after a training that gave the model that is kept already', async (_, given, store) => {
    const since = { drifted: 'scores have drifted', isUnreadable: false, tried: NOW - 3_600_000 };
    expect(await whyNow(given, store, NOW, since)).toBeNull();
  });

  const unreadable = 'this version cannot read the model in force';
  const minutesAgo = (minutes: number): number => NOW - minutes * 60_000;
  it.each([
    ['after an upgrade, whatever its age', storeWith(0.5, 0), -Infinity, unreadable],
    ['not within the hour that follows a training', storeWith(0.04, 0), -Infinity, null],
    ['not within the hour that follows one that was refused', storeWith(3, 0), minutesAgo(59), null],
    ['again an hour after that', storeWith(3, 0), minutesAgo(60), unreadable],
    ['also where another waits for a decision since before', waiting(storeWith(3, 0)), -Infinity, unreadable],
    ['not beside one that it trained and that waits for a decision', waiting(storeWith(3, 0)), minutesAgo(600), null],
  ])('where the model in force cannot be read: %s', async (_, store, tried, why) => {
    const given = { ...plan, everyDays: 0, afterLabels: 0 };
    expect(await whyNow(given, store, NOW, { drifted: null, isUnreadable: true, tried })).toBe(why);
  });
});

describe('who attends a plan', () => {
  /** A clock whose sleeps pass at once, until so many have passed; `slept` resolves then. */
  function clock(most: number): { readonly machine: AttendParts['machine']; readonly slept: Promise<void> } {
    let [now, sleeps] = [NOW, 0];
    let done: () => void;
    const slept = new Promise<void>((resolve) => (done = resolve));
    const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> => {
      now += milliseconds;
      if (sleeps++ < most) return Promise.resolve();
      done();
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    };
    return { machine: { now: () => now, sleep }, slept };
  }
  const told = { trained: (): void => undefined, show: (): void => undefined };
  const drift = (): string | null => null;
  const isUnreadable = async (): Promise<boolean> => false;

  it('does not train at every look when nothing new comes', async () => {
    const { machine, slept } = clock(30);
    let trainings = 0;
    const train = async (): Promise<TrainingReport> => {
      trainings += 1;
      return { is_new: false } as TrainingReport;
    };
    const stop = attendPlan({ plan, told, store: storeWith(30, 0), machine, drift, isUnreadable, train });
    await slept;
    await stop();
    expect(trainings).toBe(1);
  });

  it('leaves drift to the others where it does not train by itself', async () => {
    const { machine } = clock(3);
    const off = { ...plan, everyDays: 0, afterLabels: 0, onDrift: false };
    const never = (): never => {
      throw new Error('It was asked.');
    };
    const asked = { drift: never, isUnreadable: never, train: never };
    const stop = attendPlan({ plan: off, told, store: storeWith(30, 0), machine, ...asked });
    await stop();
    expect(machine.now()).toBe(NOW);
  });

  it('says in full to the trail what has drifted, and in brief in its status', async () => {
    const { machine, slept } = clock(3);
    const orders: string[] = [];
    const shown: string[] = [];
    const train = async ({ by }: { readonly by: string }): Promise<TrainingReport> => {
      orders.push(by);
      return { is_new: false } as TrainingReport;
    };
    const stop = attendPlan({
      ...{ plan, machine, train, isUnreadable, store: storeWith(3, 0) },
      told: { ...told, show: ({ text }) => shown.push(text) },
      drift: () => 'what is usual has moved: Size of the change from 120 to 1,250',
    });
    await slept;
    await stop();
    expect(orders).toEqual(['Model Training (what is usual has moved: Size of the change from 120 to 1,250)']);
    expect(shown).toEqual(['training: what is usual has moved']);
  });

  it('stops while a training goes on', async () => {
    const begun: { resolve?: () => void } = {};
    const training = new Promise<void>((resolve) => (begun.resolve = resolve));
    const train = (): Promise<TrainingReport> => {
      begun.resolve?.();
      return new Promise(() => undefined);
    };
    const { machine } = clock(9);
    const stop = attendPlan({ plan, told, store: storeWith(30, 0), machine, drift, isUnreadable, train });
    await training;
    await expect(stop()).resolves.toBeUndefined();
  });
});

it('the node says that it needs a server of ours, where none stands behind the store', async () => {
  const params = Object.fromEntries(Object.entries(modelTraining.fields).map(([name, field]) => [name, field.default]));
  await expect(trainModel({}, params as never, { settings: defaultSettings })).rejects.toMatchObject({
    code: 'no_models',
    hint: expect.stringContaining('npx billing-audit start') as string,
  });
});
