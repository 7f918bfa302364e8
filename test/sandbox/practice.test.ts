import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { startReceiver } from '../support/receiver';
import { buildSandbox, startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';

interface Office {
  readonly state: string;
  readonly now: string;
  readonly done: number;
  readonly total: number;
  readonly planted: readonly Incident[];
}
interface Incident {
  readonly id: string;
  readonly isFraud: boolean;
  readonly pattern: string;
  readonly person: string;
  readonly story: string;
  readonly deeds: readonly {
    readonly at: string;
    readonly action: string;
    readonly sheetId: number;
    readonly rowId: number;
    readonly columnId?: number;
    readonly new?: unknown;
  }[];
}
interface State {
  readonly clock: string;
  readonly sheets: readonly {
    readonly id: number;
    readonly name: string;
    readonly rows: number;
    readonly version: number;
  }[];
}
interface History {
  readonly data: readonly {
    readonly value?: unknown;
    readonly modifiedAt: string;
    readonly modifiedBy: { readonly email: string };
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'practice-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const office = (sandbox: SandboxProcess): Promise<Office> => sandbox.control<Office>('GET', '/sandbox/practice');
const state = (sandbox: SandboxProcess): Promise<State> => sandbox.control<State>('GET', '/sandbox/state');
const versions = async (sandbox: SandboxProcess): Promise<number> =>
  (await state(sandbox)).sheets.reduce((sum, { version }) => sum + version, 0);

describe('the practice office', () => {
  it('has a past before it opens, plays its last days, and works on in the present', async () => {
    const sandbox = await startSandboxProcess('--practice', '--rate', '0', '--wait', '--no-rate-limits');
    const before = await state(sandbox);
    expect(before.clock).toBe('stands');
    expect(before.sheets).toHaveLength(3);
    for (const { rows } of before.sheets) expect(rows).toBeGreaterThan(30);
    expect(await office(sandbox)).toMatchObject({ state: 'waiting', planted: [] });

    await sandbox.control('POST', '/sandbox/practice/start');
    const live = await until(async () => {
      const now = await office(sandbox);
      return now.state === 'live' && now;
    }, 'the office to be live');
    expect(live.done).toBe(live.total);
    expect(Math.abs(Date.parse(live.now) - Date.now())).toBeLessThan(60_000);
    const caughtUp = await versions(sandbox);
    await until(async () => (await versions(sandbox)) > caughtUp, 'a save in the present', 30_000);
    await expect(sandbox.control('POST', '/sandbox/practice/start')).rejects.toThrow('409');
    expect(await (await fetch(sandbox.url)).text()).toContain('Its hours are always now');
    await sandbox.stop();
  });

  it('knows what it planted, and the sheets show it without saying so', async () => {
    const sandbox = await startSandboxProcess('--practice', '--rate', '0', '--no-rate-limits');
    await until(async () => (await office(sandbox)).state === 'live', 'the office to be live');
    const { planted } = await office(sandbox);
    expect(planted.some(({ isFraud }) => isFraud)).toBe(true);
    const changes = planted.flatMap(({ person, deeds }) =>
      deeds.filter(({ action }) => action === 'cell changed').map((deed) => ({ ...deed, person })),
    );
    expect(changes.length).toBeGreaterThan(10);
    for (const { sheetId, rowId, columnId, at, person, new: value } of changes.slice(0, 15)) {
      const path = `/sheets/${sheetId}/rows/${rowId}/columns/${columnId}/history?includeAll=true`;
      const { status, body } = await sandbox.api<History>('GET', path);
      // A row of the open week may have been deleted since.
      if (status === 404) continue;
      const entry = body.data.find(({ modifiedAt }) => Date.parse(modifiedAt) === Date.parse(at));
      expect([entry?.value ?? null, entry?.modifiedBy.email]).toEqual([value, person]);
    }
    const text = await (
      await fetch(`${sandbox.url}/2.0/sheets/${changes[0]?.sheetId}`, {
        headers: { Authorization: 'Bearer practice-token' },
      })
    ).text();
    for (const { story, pattern } of planted) expect(text).not.toMatch(new RegExp(`${story}|${pattern}`));
    await sandbox.stop();
  });

  it('goes on after a restart with the same sheets and rows, and remembers what it planted', async () => {
    const flags = ['--practice', '--rate', '0', '--no-rate-limits', '--state', folder] as const;
    const first = await startSandboxProcess(...flags, '--seed', '5');
    await until(async () => (await office(first)).state === 'live', 'the office to be live');
    const [sheets, { planted }] = [(await state(first)).sheets, await office(first)];
    await first.stop();

    const second = await startSandboxProcess(...flags, '--seed', '6', '--wait');
    const again = await state(second);
    expect(again.sheets.map(({ id, name }) => [id, name])).toEqual(sheets.map(({ id, name }) => [id, name]));
    expect(again.sheets.every(({ rows }, index) => rows >= (sheets[index]?.rows ?? 0))).toBe(true);
    expect((await office(second)).planted.slice(0, planted.length)).toEqual(planted);
    await second.control('POST', '/sandbox/practice/start');
    const before = await versions(second);
    await until(async () => (await versions(second)) > before, 'the office to work on', 30_000);
    await second.stop();
  });

  it('in lockstep waits for its watcher, and loses none of its saves', async () => {
    const receiver = await startReceiver();
    const flags = ['--practice', '--rate', '0', '--wait', '--lockstep', '--no-rate-limits'];
    const sandbox = await startSandboxProcess(...flags);
    const { sheets } = await state(sandbox);
    for (const { id } of sheets) {
      const hook = {
        name: 'all',
        callbackUrl: receiver.url,
        scope: 'sheet',
        scopeObjectId: id,
        events: ['*.*'],
        version: 1,
      };
      const { body } = await sandbox.api<{ result: { id: number } }>('POST', '/webhooks', hook);
      await sandbox.api('PUT', `/webhooks/${body.result.id}`, { enabled: true });
    }
    await sandbox.control('POST', '/sandbox/practice/start');
    const { total } = await until(async () => {
      const now = await office(sandbox);
      return now.state === 'live' && now;
    }, 'the office to be live');
    expect(receiver.callbacks().length).toBeGreaterThanOrEqual(total);
    await sandbox.stop();
    await receiver.close();
  });

  it('survives people who delete its sheets, rows and columns', async () => {
    const sandbox = await startSandboxProcess('--practice', '--rate', '0', '--wait', '--no-rate-limits');
    const { sheets } = await state(sandbox);
    const [gone, maimed] = sheets;
    await sandbox.control('DELETE', `/sandbox/sheets/${gone?.id}`);
    const { body } = await sandbox.api<{ columns: { id: number; title: string }[]; rows: { id: number }[] }>(
      'GET',
      `/sheets/${maimed?.id}`,
    );
    const quantity = body.columns.find(({ title }) => title === 'Quantity');
    await sandbox.api('DELETE', `/sheets/${maimed?.id}/columns/${quantity?.id}`);
    await sandbox.control('DELETE', '/sandbox/rows', {
      sheetId: maimed?.id,
      rowIds: body.rows.slice(-20).map(({ id }) => id),
    });
    const date = 'Weekly Referenced Logged Date';
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: maimed?.id,
      rowId: body.rows[0]?.id,
      cells: { [date]: null },
    });
    await sandbox.control('POST', '/sandbox/practice/start');
    await until(async () => (await office(sandbox)).state === 'live', 'the office to be live');
    expect(sandbox.errors()).not.toContain('stopped working');
    await sandbox.stop();
  });
});

describe('a sandbox with a parent', () => {
  it('ends when the channel to its parent is closed, and leaves Ctrl+C to the parent', async () => {
    const child = spawn(process.execPath, [buildSandbox(), '--port', '0', '--practice', '--wait'], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const { sandbox } = JSON.parse(String(line)) as { sandbox: string };
    child.kill('SIGINT');
    expect((await fetch(`${sandbox}/sandbox/state`)).status).toBe(200);
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

it('is asked for in vain without --practice, and refuses what it cannot do together', async () => {
  const sandbox = await startSandboxProcess();
  for (const [method, path] of [
    ['GET', '/sandbox/practice'],
    ['POST', '/sandbox/practice/start'],
  ] as const) {
    await expect(sandbox.control(method, path)).rejects.toThrow('404');
  }
  await sandbox.stop();
  const refused = spawnSync(process.execPath, [buildSandbox(), '--practice', '--replay', 'x.csv'], {
    encoding: 'utf8',
  });
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--replay')]);
});
