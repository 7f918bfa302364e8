import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { practiceSheet, type PracticeSheet } from './office';

interface CellAnswer {
  readonly columnId: number;
  readonly value?: unknown;
  readonly modifiedAt?: string;
  readonly modifiedBy?: { readonly email: string };
}
interface SheetAnswer {
  readonly version: number;
  readonly totalRowCount: number;
  readonly columns: { readonly id: number }[];
  readonly rows: {
    readonly id: number;
    readonly version: number;
    readonly createdAt: string;
    readonly modifiedAt: string;
    readonly permalink: string;
    readonly modifiedBy: { readonly email: string };
    readonly cells: CellAnswer[];
  }[];
}

let sandbox: SandboxProcess;
let sheet: PracticeSheet;
let path: string;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  sheet = await practiceSheet(sandbox);
  path = `/sheets/${sheet.id}`;
});

const read = async (query = '') => (await sandbox.api<SheetAnswer>('GET', `${path}${query}`)).body;
const write = (rows: unknown, query = '') => sandbox.api<{ version: number }>('PUT', `${path}/rows${query}`, rows);
const cell = (title: string, value: unknown) => ({ columnId: sheet.columns[title], value });
const advance = (advanceSeconds: number) => sandbox.control('POST', '/sandbox/clock', { advanceSeconds });

describe('a sheet', () => {
  it('rises in version with each save, and its rows with each changed cell', async () => {
    const before = await read();
    await sheet.edit(0, { Quantity: 11, Note: 'more' });
    await sheet.edit(0, { Quantity: 11 });
    const after = await read();
    expect(after.version).toBe(before.version + 1);
    expect(after.rows.map(({ version }) => version)).toEqual([3, 1]);
  });

  it('shows only the rows and columns that are asked for, with links and writers when wanted', async () => {
    await sheet.edit(1, { Quantity: 21 }, 'chief@example.com');
    const { rows, columns, totalRowCount } = await read(
      `?rowIds=${sheet.rowIds[1]},999&columnIds=${sheet.columns['Quantity']}&include=writerInfo,rowPermalink`,
    );
    expect(totalRowCount).toBe(2);
    expect(columns).toHaveLength(1);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ cells: [{ value: 21 }], modifiedBy: { email: 'chief@example.com' } });
    expect((await fetch(rows[0]?.permalink ?? '')).status).toBe(200);
  });

  it('finds rows modified since a time by what it showed as their time', async () => {
    await advance(10);
    await sheet.edit(1, { Quantity: 21 });
    const [first, second] = (await read()).rows;
    expect(second?.modifiedAt).not.toBe(second?.createdAt);
    const since = await read(`?rowsModifiedSince=${encodeURIComponent(second?.modifiedAt ?? '')}`);
    expect(since.rows.map(({ id }) => id)).toEqual([second?.id]);
    const all = await read(`?rowsModifiedSince=${encodeURIComponent(first?.modifiedAt ?? '')}`);
    expect(all.rows).toHaveLength(2);
  });

  it('answers only its version when that is still the one asked about', async () => {
    const { version } = await read();
    expect(await read(`?ifVersionAfter=${version}`)).toEqual({ version });
    expect(await read(`?ifVersionAfter=${version - 1}`)).toHaveProperty('rows');
  });

  it('is read in pages', async () => {
    expect((await read('?page=2&pageSize=1')).rows.map(({ id }) => id)).toEqual([sheet.rowIds[1]]);
    expect((await read('?page=9&pageSize=1')).rows).toEqual([]);
  });

  it('lets columns be added, renamed and deleted', async () => {
    const added = await sandbox.api<{ result: { id: number } }>('POST', `${path}/columns`, {
      title: 'Extra',
      type: 'DATE',
      index: 1,
    });
    const id = added.body.result.id;
    expect(await sandbox.api('PUT', `${path}/columns/${id}`, { title: 'Renamed' })).toMatchObject({
      status: 200,
      body: { result: { title: 'Renamed', index: 1 } },
    });
    expect(await sandbox.api('POST', `${path}/columns`, { title: 'Renamed', type: 'DATE' })).toMatchObject({
      status: 400,
      body: { errorCode: 1057 },
    });
    expect((await sandbox.api('DELETE', `${path}/columns/${id}`)).status).toBe(200);
  });

  it('is made in a workspace', async () => {
    const workspace = await sandbox.api<{ result: { id: number } }>('POST', '/workspaces', { name: 'Billing' });
    const columns = [{ title: 'Key', type: 'TEXT_NUMBER', primary: true }];
    const made = await sandbox.api('POST', `/workspaces/${workspace.body.result.id}/sheets`, {
      name: 'Audit',
      columns,
    });
    expect(made).toMatchObject({ status: 200, body: { result: { name: 'Audit', workspace: { name: 'Billing' } } } });
  });
});

describe('a cell', () => {
  const history = async (title: string, query = '') =>
    (
      await sandbox.api<{ totalCount: number; data: CellAnswer[] }>(
        'GET',
        `${path}/rows/${sheet.rowIds[0]}/columns/${sheet.columns[title]}/history${query}`,
      )
    ).body;

  it('has a history, newest first, with the writer of each value', async () => {
    await sheet.edit(0, { Quantity: 12 }, 'clerk@example.com');
    await sheet.edit(0, { Quantity: 15 }, 'automation@smartsheet.com');
    const { data, totalCount } = await history('Quantity');
    expect(totalCount).toBe(3);
    expect(data.map(({ value }) => value)).toEqual([15, 12, 10]);
    expect(data.map(({ modifiedBy }) => modifiedBy?.email)).toEqual([
      'automation@smartsheet.com',
      'clerk@example.com',
      'counter@example.com',
    ]);
    expect((await history('Quantity', '?page=2&pageSize=2')).data.map(({ value }) => value)).toEqual([10]);
  });

  it('that was emptied has no value, and the emptying in its history', async () => {
    await sheet.edit(0, { Quantity: null });
    expect((await read()).rows[0]?.cells[1]).not.toHaveProperty('value');
    expect((await history('Quantity')).data.map(({ value }) => value)).toEqual([undefined, 10]);
  });

  it('cuts text at 4,000 characters without a word', async () => {
    expect((await write({ id: sheet.rowIds[0], cells: [cell('Note', 'x'.repeat(5_000))] })).status).toBe(200);
    expect(String((await read()).rows[0]?.cells[2]?.value)).toHaveLength(4_000);
  });

  it('forgets its history when the fault is set', async () => {
    await sheet.edit(0, { Quantity: 12 });
    await sandbox.control('POST', '/sandbox/faults', { forgetHistory: true });
    expect((await history('Quantity')).data).toHaveLength(1);
    await sandbox.control('POST', '/sandbox/faults', { forgetHistory: false });
  });
});

describe('a token', () => {
  it('belongs to a person, who is the writer of what is saved with it', async () => {
    const user = await sandbox.control<{ token: string }>('POST', '/sandbox/users', {
      email: 'anna@example.com',
      name: 'Anna Example',
    });
    const own = { Authorization: `Bearer ${user.token}` };
    expect((await sandbox.api('GET', '/users/me', undefined, own)).body).toMatchObject({
      email: 'anna@example.com',
      firstName: 'Anna',
    });
    await sandbox.api('PUT', `${path}/rows`, { id: sheet.rowIds[0], cells: [cell('Note', 'mine')] }, own);
    expect((await read('?include=writerInfo')).rows[0]?.modifiedBy.email).toBe('anna@example.com');
  });

  it('of an administrator can act as somebody else', async () => {
    const assumed = { 'Assume-User': encodeURIComponent('counter@example.com') };
    expect((await sandbox.api('GET', '/users/me', undefined, assumed)).body).toMatchObject({
      email: 'counter@example.com',
    });
  });

  it('of a viewer cannot write', async () => {
    await sandbox.control('POST', `/sandbox/sheets/${sheet.id}/access`, {
      user: 'counter@example.com',
      level: 'VIEWER',
    });
    const own = { Authorization: 'Bearer practice-token-counter@example.com' };
    expect((await sandbox.api('GET', path, undefined, own)).status).toBe(200);
    expect(await sandbox.api('DELETE', `${path}/rows?ids=${sheet.rowIds[0]}`, undefined, own)).toMatchObject({
      status: 403,
      body: { errorCode: 1004 },
    });
  });
});

describe('the rate limits', () => {
  it('refuse what is beyond 300 requests or 30 histories, until a minute has passed', async () => {
    const limited = await startSandboxProcess();
    const own = await practiceSheet(limited);
    const history = () =>
      limited.api('GET', `/sheets/${own.id}/rows/${own.rowIds[0]}/columns/${own.columns['Quantity']}/history`);
    const many = async (count: number, ask: () => Promise<{ status: number }>) => {
      const statuses: number[] = [];
      for (let index = 0; index < count; index += 1) statuses.push((await ask()).status);
      return statuses;
    };
    const histories = await many(40, history);
    expect(histories.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(histories).toContain(429);
    expect((await history()).status).toBe(429);
    await limited.control('POST', '/sandbox/clock', { advanceSeconds: 60 });
    expect(await history()).toMatchObject({ status: 200 });
    await limited.control('POST', '/sandbox/clock', { advanceSeconds: 60 });
    const requests = await many(400, () => limited.api('GET', '/users/me'));
    expect(requests.slice(0, 300)).not.toContain(429);
    expect(requests).toContain(429);
    await limited.stop();
  });
});
