/**
 * Lets callers at the same time share one call: while one is under way, the next batch collects.
 * The answer for one caller is that part of the batch's answers that belongs to its own values.
 */
export interface GroupOptions<Value, Answer> {
  /** Gives one answer for each value, in order. */
  readonly send: (values: readonly Value[]) => Promise<readonly Answer[]>;
  /** Most values in one call. A single caller's list is never split, so it may be longer. */
  readonly most: number;
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
  const queue: Waiting<Value, Answer>[] = [];
  let underWay = false;

  const drain = async (): Promise<void> => {
    underWay = true;
    while (queue.length > 0) await sendGroup(takeGroup(queue, options.most), options);
    underWay = false;
  };

  return (values) =>
    values.length === 0
      ? Promise.resolve([])
      : new Promise((resolve, reject) => {
          queue.push({ values, resolve, reject });
          // Begin after the callers of this turn have queued too.
          if (!underWay) {
            underWay = true;
            queueMicrotask(() => void drain());
          }
        });
}

function takeGroup<Value, Answer>(queue: Waiting<Value, Answer>[], most: number): Waiting<Value, Answer>[] {
  let size = queue[0]?.values.length ?? 0;
  let count = 1;
  while (count < queue.length) {
    const next = queue[count]?.values.length ?? 0;
    if (size + next > most) break;
    size += next;
    count += 1;
  }
  return queue.splice(0, count);
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
