import { atOnce, inSlices, type Steps } from '../../lib/steps';

function* counted(done: number[]): Steps<string> {
  for (let step = 0; step < 5; step += 1) {
    done.push(step);
    yield;
  }
  return 'all';
}

it('are done at once, or with a turn for everybody else after each slice', async () => {
  const done: number[] = [];
  expect(atOnce(counted(done))).toBe('all');
  expect(done).toEqual([0, 1, 2, 3, 4]);

  const [slices, seen] = [[] as number[], [] as number[]];
  const working = inSlices(counted(slices), 0);
  const look = (): void => {
    seen.push(slices.length);
    if (slices.length < 5) setImmediate(look);
  };
  setImmediate(look);
  expect(await working).toBe('all');
  expect(slices).toEqual(done);
  expect(new Set(seen).size).toBeGreaterThan(2);
});

it('take no turn from others where all fits into a slice, and tell what fails', async () => {
  let turns = 0;
  setImmediate(() => (turns += 1));
  expect(await inSlices(counted([]), 60_000)).toBe('all');
  expect(turns).toBe(0);
  await expect(inSlices(failing(), 0)).rejects.toThrow('the second step');
});

function* failing(): Steps<void> {
  yield;
  throw new Error('the second step');
}
