import { buildStoreWorker, bundle, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { callbackBody, orderIn, send, startReceiver, storedNonces, type ReceiverOrder } from './receiver';

const workerPath = buildStoreWorker();
const program = bundle('test/faults/programs/receiver.ts', 'receiver');
const folders: string[] = [];
afterAll(() => folders.forEach(removeFolder));

async function newHome(): Promise<ReceiverOrder> {
  const folder = newFolder();
  folders.push(folder);
  await (await openTestStore(folder, workerPath)).close();
  return orderIn(folder, workerPath, migrations);
}

it('stores each callback once however many copies come at the same time', async () => {
  const home = await newHome();
  const receiver = await startReceiver(program, home);
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
  await receiver.stop();
  const stored = await storedNonces(home);
  expect([...statuses]).toEqual([[200, copies * callbacks]]);
  expect(stored).toHaveLength(callbacks);
  expect(new Set(stored).size).toBe(callbacks);
}, 900_000);
