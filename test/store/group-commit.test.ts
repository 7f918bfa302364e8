import { groupCommit } from '../../lib/store/group-commit';

class Bad extends Error {}
const isFaultOfValue = (thrown: unknown): boolean => thrown instanceof Bad;

/** A recorded send that answers each number with its double, and refuses 13. */
function doubling(): { calls: number[][]; send: (values: readonly number[]) => Promise<number[]> } {
  const calls: number[][] = [];
  return {
    calls,
    async send(values) {
      calls.push([...values]);
      await Promise.resolve();
      if (values.includes(13)) throw new Bad('thirteen');
      return values.map((value) => value * 2);
    },
  };
}

describe('group commit', () => {
  it('sends what callers at the same time want in one call, and gives each its own answers', async () => {
    const { calls, send } = doubling();
    const commit = groupCommit({ send, most: 500, isFaultOfValue });
    expect(await Promise.all([commit([1, 2]), commit([3]), commit([4])])).toEqual([[2, 4], [6], [8]]);
    expect(calls).toEqual([[1, 2, 3, 4]]);
  });

  it('collects the next batch while one is under way', async () => {
    const { calls, send } = doubling();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const commit = groupCommit<number, number>({
      send: async (values) => {
        if (values.includes(1)) await gate;
        return send(values);
      },
      most: 500,
      isFaultOfValue,
    });
    const first = commit([1]);
    await Promise.resolve();
    await Promise.resolve();
    const others = [commit([2]), commit([3])];
    release();
    await Promise.all([first, ...others]);
    expect(calls).toEqual([[1], [2, 3]]);
  });

  it('never sends more than the most, and never splits the values of one caller', async () => {
    const { calls, send } = doubling();
    const commit = groupCommit({ send, most: 3, isFaultOfValue });
    await Promise.all([commit([1, 2]), commit([3, 4]), commit([5, 6, 7, 8])]);
    expect(calls).toEqual([
      [1, 2],
      [3, 4],
      [5, 6, 7, 8],
    ]);
  });

  it('never sends more weight than the most, but what one caller gives', async () => {
    const { calls, send } = doubling();
    const commit = groupCommit<number, number>({ send, most: 10, weightOf: (value) => value, isFaultOfValue });
    await Promise.all([commit([4]), commit([6]), commit([1]), commit([20]), commit([2])]);
    expect(calls).toEqual([[4, 6], [1], [20], [2]]);
  });

  it('has as many calls under way as may be, and collects the next batch meanwhile', async () => {
    const calls: number[][] = [];
    const ends: (() => void)[] = [];
    const commit = groupCommit<number, number>({
      send: async (values) => {
        calls.push([...values]);
        await new Promise<void>((end) => ends.push(end));
        return values;
      },
      most: 500,
      atOnce: 2,
      isFaultOfValue,
    });
    const turn = (): Promise<unknown> => new Promise((done) => setImmediate(done));
    const answers: Promise<unknown>[] = [];
    for (const value of [1, 2, 3, 4]) {
      answers.push(commit([value]));
      await turn();
    }
    expect(calls).toEqual([[1], [2]]);
    ends[1]?.();
    await turn();
    expect(calls).toEqual([[1], [2], [3, 4]]);
    ends.forEach((end) => end());
    await turn();
    ends.forEach((end) => end());
    expect(await Promise.all(answers)).toEqual([[1], [2], [3], [4]]);
  });

  it('fails only the caller of a bad value, and goes on', async () => {
    const { send } = doubling();
    const commit = groupCommit({ send, most: 500, isFaultOfValue });
    const settled = await Promise.allSettled([commit([1]), commit([13]), commit([2])]);
    expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await commit([5])).toEqual([10]);
  });

  it('fails all callers of a batch when the store is away, without trying them one by one', async () => {
    let calls = 0;
    const send = (): Promise<never> => Promise.reject(new Error(`away ${(calls += 1)}`));
    const commit = groupCommit<number, number>({ send, most: 500, isFaultOfValue });
    const settled = await Promise.allSettled([commit([1]), commit([2])]);
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    expect(calls).toBe(1);
  });

  it('asks nothing for nothing', async () => {
    const { calls, send } = doubling();
    expect(await groupCommit({ send, most: 1, isFaultOfValue })([])).toEqual([]);
    expect(calls).toEqual([]);
  });
});
