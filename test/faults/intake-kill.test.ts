import { buildStoreWorker, bundle, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { callbackBody, orderIn, POINTS, send, startReceiver, storedNonces, type ReceiverOrder } from './receiver';

const workerPath = buildStoreWorker();
const program = bundle('test/faults/programs/receiver.ts', 'receiver');
const folders: string[] = [];
afterAll(() => folders.forEach(removeFolder));

const KILLS_PER_POINT = 2;
const AT_ONCE = 8;
const PER_ROUND = 60;

async function newHome(): Promise<Omit<ReceiverOrder, 'death'>> {
  const folder = newFolder();
  folders.push(folder);
  await (await openTestStore(folder, workerPath)).close();
  return orderIn(folder, workerPath, migrations);
}

/** Sends what is not acknowledged yet, a few at a time, until all is or the receiver is dead. */
async function deliver(port: number, pending: Set<string>, acknowledged: Set<string>): Promise<void> {
  const queue = [...pending];
  const sendNext = async (): Promise<void> => {
    for (let nonce = queue.shift(); nonce !== undefined; nonce = queue.shift()) {
      const status = await send(port, callbackBody(nonce, 2000));
      if (status === null) return;
      if (status !== 200) throw new Error(`An authentic callback was answered ${status}.`);
      pending.delete(nonce);
      acknowledged.add(nonce);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
}

it('loses nothing that it acknowledged, and doubles nothing, when it is killed at any point', async () => {
  const home = await newHome();
  const pending = new Set<string>();
  const acknowledged = new Set<string>();
  let kills = 0;
  for (const point of POINTS) {
    for (let turn = 0; turn < KILLS_PER_POINT; turn += 1) {
      for (let count = 0; count < PER_ROUND; count += 1) pending.add(`${point}:${turn}:${count}`);
      // Some of those that were acknowledged come again, as Smartsheet's retries do.
      for (const again of [...acknowledged].slice(-5)) pending.add(again);
      const receiver = await startReceiver(program, { ...home, death: { point, time: 2 + turn * 3 } });
      await deliver(receiver.port, pending, acknowledged);
      // One that is to die while draining may outlive the last answer.
      await receiver.ended;
      kills += 1;
    }
  }
  const last = await startReceiver(program, { ...home, death: null });
  await deliver(last.port, pending, acknowledged);
  await last.stop('SIGKILL');
  const stored = await storedNonces(home);
  process.stdout.write(`intake: ${acknowledged.size} acknowledged, ${kills} kills, ${stored.length} stored\n`);
  expect(kills).toBe(POINTS.length * KILLS_PER_POINT);
  expect([...acknowledged].filter((nonce) => !stored.includes(nonce))).toEqual([]);
  expect(new Set(stored).size).toBe(stored.length);
}, 300_000);

it('would be seen to lose callbacks if it answered before it kept them', async () => {
  const home = await newHome();
  const pending = new Set(Array.from({ length: 40 }, (_, count) => `n-${count}`));
  const acknowledged = new Set<string>();
  const receiver = await startReceiver(program, { ...home, death: null, forgetful: true });
  await deliver(receiver.port, pending, acknowledged);
  await receiver.stop('SIGKILL');
  const stored = await storedNonces(home);
  expect(acknowledged.size).toBe(40);
  expect([...acknowledged].filter((nonce) => !stored.includes(nonce)).length).toBeGreaterThan(0);
}, 120_000);

it('stores each callback once however many copies come at the same time', async () => {
  const home = await newHome();
  const receiver = await startReceiver(program, { ...home, death: null });
  const [copies, callbacks] = [50, 1000];
  const statuses = new Map<number | null, number>();
  const queue = Array.from({ length: callbacks }, (_, count) => callbackBody(`n-${count}`));
  const sendCopies = async (): Promise<void> => {
    for (let body = queue.shift(); body; body = queue.shift()) {
      const one = body;
      const answers = await Promise.all(Array.from({ length: copies }, () => send(receiver.port, one)));
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all([sendCopies(), sendCopies(), sendCopies()]);
  await receiver.stop('SIGTERM');
  const stored = await storedNonces(home);
  expect([...statuses]).toEqual([[200, copies * callbacks]]);
  expect(stored).toHaveLength(callbacks);
  expect(new Set(stored).size).toBe(callbacks);
}, 300_000);
