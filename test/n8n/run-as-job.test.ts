import { runAsJob } from '../../hosts/n8n/runtime/run-as-job';
import { openStore } from '../../hosts/n8n/runtime/store';
import { JobWorker } from '../../lib/runtime/job-worker';
import { thisMachine } from '../../lib/runtime/machine';
import { type EmbeddedStoreDriver, secretBox, storeOver } from '../../lib/store';
import { alertNode } from '../../nodes/alert';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf, type Around } from './support/around';

const folder = newFolder();
const quiet = (): void => undefined;
let driver: EmbeddedStoreDriver;
let server: JobWorker;
/** What the server was asked to do, in order. */
const done: unknown[] = [];

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  server = new JobWorker({
    store: storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }),
    kinds: {
      backup: async ({ input }) => {
        done.push(input);
        return { times: done.length };
      },
    },
    worker: 'server',
    sleep: thisMachine().sleep,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    idleSeconds: 0.02,
  });
  server.start();
});
afterAll(async () => {
  await server.stop();
  await driver.close();
  removeFolder(folder);
});

async function ask(around: Partial<Around> = {}): Promise<unknown> {
  const context = contextOf({ driver, ...around });
  const definition = { ...alertNode, name: 'backup', runs: 'server' } as const;
  const work = { input: { sheet_id: '7' }, entered: {}, itemIndex: 0 };
  return (await runAsJob(context, definition as never, await openStore(context), work))['times'];
}

it('asks a server once for the same item of the same run, and anew in each turn of a loop, run and workflow', async () => {
  expect(await ask()).toBe(1);
  expect(await ask()).toBe(1);
  expect(await ask({ runIndex: 1 })).toBe(2);
  expect(await ask({ executionId: '2' })).toBe(3);
  expect(await ask({ workflowId: 'w2' })).toBe(4);
  expect(done).toHaveLength(4);
});
