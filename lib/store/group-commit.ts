/**
 * Lets callers at the same time share one call: while as many are under way as may be, the next batch collects. A caller
 * who is alone waits for nobody.
 * The answer for one caller is that part of the batch's answers that belongs to its own values.
 */
export interface GroupOptions<Value, Answer> {
  /** Gives one answer for each value, in order. */
  readonly send: (values: readonly Value[]) => Promise<readonly Answer[]>;
  /** Most values in one call, or most weight. A single caller's list is never split, so it may be longer. */
  readonly most: number;
  /** What one value counts. Default 1. */
  readonly weightOf?: (value: Value) => number;
  /** Most calls under way. Default 1: then they are made in the order of their callers. */
  readonly atOnce?: number;
  /** True when an error is the fault of a value: then each caller's values are tried alone, and only the bad ones fail. */
  readonly isFaultOfValue: (thrown: unknown) => boolean;
}

interface Waiting<Value, Answer> {
  readonly values: readonly Value[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (thrown: unknown) => void;
}

export function groupCommit<Value, Answer>(
  options: GroupOptions<Value, Answer>,
): (values: readonly Value[]) => Promise<readonly Answer[]> {
  const { atOnce = 1 } = options;
  const queue: Waiting<Value, Answer>[] = [];
  let underWay = 0;

  const drain = async (): Promise<void> => {
    while (queue.length > 0) await sendGroup(takeGroup(queue, options), options);
    underWay -= 1;
  };

  return (values) =>
    values.length === 0
      ? Promise.resolve([])
      : new Promise((resolve, reject) => {
          queue.push({ values, resolve, reject });
          if (underWay >= atOnce) return;
          underWay += 1;
          // Begin after the callers of this turn have queued too.
          queueMicrotask(() => void drain());
        });
}

function takeGroup<Value, Answer>(
  queue: Waiting<Value, Answer>[],
  { most, weightOf = () => 1 }: GroupOptions<Value, Answer>,
): Waiting<Value, Answer>[] {
  let weight = 0;
  const tooMany = queue.findIndex(({ values }, index) => {
    weight += values.reduce((sum, value) => sum + weightOf(value), 0);
    return index > 0 && weight > most;
  });
  return queue.splice(0, tooMany < 0 ? queue.length : tooMany);
}

/** Never rejects: each caller hears of its own. */
async function sendGroup<Value, Answer>(
  group: readonly Waiting<Value, Answer>[],
  options: GroupOptions<Value, Answer>,
): Promise<void> {
  try {
    const answers = await options.send(group.flatMap((one) => one.values));
    let from = 0;
    for (const one of group) {
      one.resolve(answers.slice(from, from + one.values.length));
      from += one.values.length;
    }
  } catch (thrown) {
    if (group.length > 1 && options.isFaultOfValue(thrown)) {
      for (const one of group) await sendGroup([one], options);
    } else {
      for (const one of group) one.reject(thrown);
    }
  }
}
