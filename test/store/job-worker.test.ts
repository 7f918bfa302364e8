import { z } from 'zod';
import { openJobs } from '../../hosts/node-red/runtime/jobs';
import { defineNode, number, wire, type NodeDefinition } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { Log } from '../../lib/ports';
import { askJob } from '../../lib/runtime/ask-job';
import { JobWorker, type DoJob } from '../../lib/runtime/job-worker';
import { thisMachine } from '../../lib/runtime/machine';
import type { Runtime } from '../../lib/runtime/runtime';
import { secretBox, storeOver, StoreUnavailable, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import { emptyStore } from './empty-store';

const folder = newFolder();
const { sleep, now } = thisMachine();
const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const request = { kind: 'backup', parameters: { sheet_id: '7' }, askedBy: 'n8n: nightly, Backup' };
let driver: EmbeddedStoreDriver;
let store: Store;
const working: (() => Promise<void>)[] = [];

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
});
beforeEach(() => emptyStore(driver));
afterEach(async () => {
  for (const stop of working.splice(0)) await stop();
});
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

function begin(
  name: string,
  doIt: DoJob,
  leaseSeconds = 60,
  lent: Pick<Store, 'leaseJob' | 'reportJob' | 'finishJob' | 'failJob'> = store,
): void {
  const worker = new JobWorker({
    store: lent,
    kinds: { backup: doIt },
    worker: name,
    sleep,
    log,
    idleSeconds: 0.02,
    leaseSeconds,
  });
  worker.start();
  working.push(() => worker.stop());
}

const ask = (patienceSeconds = 30) => askJob({ store, now, sleep, patienceSeconds }, request);

describe('a job that a host asks for', () => {
  it('is done by the server behind the store, and its result comes back', async () => {
    begin('server 1', async ({ sheet_id }, report) => {
      await report(0.5, 'half of the rows');
      return { file: `${String(sheet_id)}.backup` };
    });
    expect(await ask()).toEqual({ file: '7.backup' });
    expect(await store.jobs({ limit: 10 })).toMatchObject([
      {
        state: 'done',
        attempts: 1,
        asked_by: 'n8n: nightly, Backup',
        progress: { fraction: 0.5, text: 'half of the rows' },
      },
    ]);
  });

  it('fails with what the server says, and is not begun again by itself', async () => {
    begin('server 1', () => Promise.reject(new BadSetting('Sheets', 'names no sheet', 'Name one.')));
    await expect(ask()).rejects.toMatchObject({
      code: 'job_failed',
      message: expect.stringContaining('names no sheet') as string,
    });
    expect(await store.jobs({ limit: 10 })).toMatchObject([{ state: 'failed', attempts: 1 }]);
  });

  it('says that it needs a server when none takes it', async () => {
    await expect(ask(0.3)).rejects.toMatchObject({
      code: 'needs_server',
      hint: expect.stringContaining('npx billing-audit start') as string,
    });
  });

  it('is withdrawn when none takes it: a server that starts later does not do what nobody waits for', async () => {
    const again = { ...request, requestKey: 'execution 7' };
    const impatient = { store, now, sleep, patienceSeconds: 0.3 };
    await expect(askJob(impatient, again)).rejects.toMatchObject({ code: 'needs_server' });
    expect(await store.jobs({ limit: 5 })).toMatchObject([{ state: 'failed', attempts: 0 }]);
    expect(await store.leaseJob({ kinds: ['backup'], worker: 'late', leaseSeconds: 60 })).toBeNull();
    await expect(askJob(impatient, again)).rejects.toMatchObject({ code: 'needs_server' });
  });

  it('is waited for when a server takes it in the moment in which it would be withdrawn', async () => {
    const overtaken: typeof store = {
      ...store,
      withdrawJob: async (jobId) => {
        begin('server 1', () => Promise.resolve({ file: 'in time' }));
        await until(async () => (await store.job(jobId))?.state !== 'waiting', 'the server to begin');
        return store.withdrawJob(jobId);
      },
    };
    expect(await askJob({ store: overtaken, now, sleep, patienceSeconds: 0.3 }, request)).toEqual({ file: 'in time' });
  });

  it('is not waited for when the server that had it is heard of no more', async () => {
    const asking = askJob({ store, now, sleep, patienceSeconds: 30, silenceSeconds: 0.3 }, request);
    await until(async () => (await store.jobs({ limit: 1 })).length === 1, 'the job to be asked for');
    await store.leaseJob({ kinds: ['backup'], worker: 'killed', leaseSeconds: 0.1 });
    await expect(asking).rejects.toMatchObject({
      code: 'server_gone',
      message: expect.stringContaining('its server is gone') as string,
    });
  });

  it('is done once while its server renews the lease, however many servers look for work', async () => {
    const begun: string[] = [];
    const slowly =
      (name: string): DoJob =>
      async () => {
        begun.push(name);
        // Longer than the lease: until it has been renewed twice at least.
        const first = (await store.jobs({ limit: 1 }))[0]?.leased_until ?? '';
        await until(
          async () => Date.parse((await store.jobs({ limit: 1 }))[0]?.leased_until ?? '') >= Date.parse(first) + 3_300,
          'a renewed lease',
        );
        return {};
      };
    // Long enough for a busy machine to renew it in time.
    begin('server 1', slowly('server 1'), 3);
    begin('server 2', slowly('server 2'), 3);
    await ask();
    expect(begun).toHaveLength(1);
  });

  it('is tried again by whoever leases it next, when only the store was away', async () => {
    let tries = 0;
    begin('server 1', async () => {
      tries += 1;
      if (tries === 1) throw new StoreUnavailable('it is closed');
      return { tries };
    });
    expect(await ask()).toEqual({ tries: 2 });
  });

  it('of a server that died is taken by another once the lease has run out', async () => {
    const { job } = await store.requestJob(request);
    await store.leaseJob({ kinds: ['backup'], worker: 'killed', leaseSeconds: 0.1 });
    begin('server 2', async () => ({ by: 'server 2' }));
    const done = await until(async () => {
      const found = await store.job(job.job_id);
      return found?.state === 'done' ? found : null;
    }, 'the job taken over');
    expect(done).toMatchObject({ attempts: 2, result: { by: 'server 2' } });
  });
});

describe('a node that runs on a server only', () => {
  const doubled = defineNode({
    name: 'doubled-value',
    version: 1,
    runs: 'server',
    title: 'Doubled',
    summary: 'Doubles a value on a server.',
    input: wire('value', z.object({ value: z.number() })),
    outputs: { doubled: wire('value', z.object({ value: z.number() })) },
    credentials: [],
    fields: { times: number({ label: 'Times', default: 2, min: 1 }) },
    example: { value: 1 },
    run: async ({ value }, { times }) => ({ doubled: { value: value * (times ?? 1) } }),
  });

  function serve(): void {
    const portsFor: Runtime['portsFor'] = ({ settings, credentials }) =>
      ({ store, sleep, now, log, settings, credentials }) as unknown as ReturnType<Runtime['portsFor']>;
    const nodes = [doubled] as unknown as readonly NodeDefinition[];
    const parts = { nodes, credentials: [], environment: {}, openRuntime: () => Promise.reject(new Error('not here')) };
    working.push(openJobs(parts, { portsFor } as unknown as Runtime, log));
  }
  const askFor = (parameters: Record<string, unknown>) =>
    askJob({ store, now, sleep, patienceSeconds: 30 }, { kind: 'doubled_value', parameters, askedBy: 'n8n' });

  it('does for another host what it does for its own: fields completed, input checked', async () => {
    serve();
    expect(await askFor({ input: { value: 21 } })).toEqual({ doubled: { value: 42 } });
    expect(await askFor({ input: { value: 2 }, fields: { times: '5' } })).toEqual({ doubled: { value: 10 } });
  });

  it('refuses what its own host would refuse, in the same words', async () => {
    serve();
    await expect(askFor({ input: { worth: 1 } })).rejects.toMatchObject({
      message: expect.stringContaining('Expected a value, got an object with worth') as string,
    });
    await expect(askFor({ input: { value: 1 }, fields: { times: 0 } })).rejects.toMatchObject({
      message: expect.stringContaining('"Times" must be 1 or more') as string,
    });
  });
});
