import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { openRuntime } from '../../lib/runtime/open-runtime';
import { MigrationMissing, StoreLocked } from '../../lib/store';
import { whereNobodyAnswers } from '../../server/metrics';
import { newFolder, removeFolder } from '../support/store';

const quiet = () => undefined;
const folder = newFolder();
const home = join(folder, 'home');
const said: string[] = [];
const log = { debug: quiet, info: quiet, warn: quiet, error: (text: string) => void said.push(text) };
const application = express().use(whereNobodyAnswers(home));
const server = createServer(application);

const newer = new MigrationMissing('The store was made by a newer Billing Audit.', 'Install the newest.', {});
const refusedBy = (failure: Error): Promise<unknown> =>
  openRuntime({ home, log, environment: {}, openStore: () => Promise.reject(failure) });

async function health(): Promise<{ readonly status: number; readonly text: string }> {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return { status: answer.status, text: await answer.text() };
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  removeFolder(folder);
});

describe('a store that cannot be opened', () => {
  it('is told on /health by the code of its failure, also while it is tried again, and nothing else', async () => {
    expect((await health()).text).toContain('no node of Billing Audit is deployed');
    await expect(refusedBy(newer)).rejects.toBe(newer);
    const { status, text } = await health();
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ status: 'down', checks: [{ name: 'store', status: 'down' }] });
    expect(text).toContain('(migration_missing)');
    expect(text).not.toContain(folder);
    const never = openRuntime({ home, log, environment: {}, openStore: () => new Promise(quiet) });
    expect(openHomeAt(home)).toMatchObject({ inside: null });
    expect((await health()).text).toBe(text);
    void never;
  });

  it('is told in the log with what to do, once for each reason, however often it is tried', async () => {
    said.length = 0;
    const locked = new StoreLocked(join(home, 'store'), { pid: 7, host: 'here', since: 'noon' }, 'x.lock');
    for (const failure of [locked, locked, newer]) await expect(refusedBy(failure)).rejects.toBe(failure);
    expect(said).toEqual([
      `The store cannot be opened: ${locked.message} ${locked.hint}`,
      `The store cannot be opened: ${newer.message} ${newer.hint}`,
    ]);
  });
});
