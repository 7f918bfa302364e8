import { ChampionKeeper } from '../../lib/runtime/models/champion-keeper';
import type { Champion } from '../../lib/store/models';

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const none: Champion = { model: null, body: null };

function keeperOver() {
  const asked: { answer(): void; fail(why: Error): void }[] = [];
  const champion = (): Promise<Champion> =>
    new Promise((resolve, reject) => asked.push({ answer: () => resolve(none), fail: reject }));
  return { asked, keeper: new ChampionKeeper({ store: { champion }, now: () => 0, log }) };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('asks the store once for all who ask at the same time', async () => {
  const { asked, keeper } = keeperOver();
  const all = [keeper.inForce(), keeper.inForce(), keeper.look()];
  expect(asked).toHaveLength(1);
  asked[0]!.answer();
  for (const each of all) expect(await each).toMatchObject({ ready: null, problem: null });
});

it('asks again for who has just moved a model: who looks already may have asked before', async () => {
  const { asked, keeper } = keeperOver();
  const before = keeper.look();
  const moved = keeper.lookAgain();
  await turn();
  expect(asked).toHaveLength(1);
  asked[0]!.answer();
  await before;
  while (asked.length < 2) await turn();
  asked[1]!.answer();
  expect(await moved).toMatchObject({ ready: null });
});

it('asks again also where the look of before failed', async () => {
  const { asked, keeper } = keeperOver();
  const before = keeper.look();
  const moved = keeper.lookAgain();
  asked[0]!.fail(new Error('the store is away'));
  await expect(before).rejects.toThrow('away');
  while (asked.length < 2) await turn();
  asked[1]!.answer();
  expect(await moved).toMatchObject({ model: null });
});
