import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { practiceSheet, type PracticeSheet } from './office';

let sandbox: SandboxProcess;
let sheet: PracticeSheet;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  sheet = await practiceSheet(sandbox);
});
afterAll(() => sandbox.stop());
afterEach(() => sandbox.control('POST', '/sandbox/faults', { failNext: null }));

const fail = (trouble: object) => sandbox.control('POST', '/sandbox/faults', { failNext: trouble });
const get = (path = `/sheets/${sheet.id}/version`, signal?: AbortSignal) =>
  fetch(`${sandbox.url}/2.0${path}`, {
    headers: { Authorization: 'Bearer practice-token' },
    ...(signal === undefined ? {} : { signal }),
  });

describe('trouble on demand', () => {
  it.each([
    [4001, 503],
    [4002, 500],
    [4003, 429],
    [4004, 500],
    [4000, 500],
  ])('%i comes with its HTTP status %i, in the form of Smartsheet, as often as asked', async (errorCode, status) => {
    await fail({ errorCode, count: 2 });
    const answers = [await get(), await get(), await get()];
    expect(answers.map((answer) => answer.status)).toEqual([status, status, 200]);
    expect(await answers[0]?.json()).toMatchObject({ errorCode, refId: expect.any(String) });
  });

  it.each([
    ['html', 500, /<html>/],
    ['html', 503, /<html>/],
    ['none', 503, /^$/],
  ])('can come without JSON: %s with %i', async (body, status, text) => {
    await fail({ status, body, retryAfterSeconds: 7 });
    const answer = await get();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '7']);
    expect(await answer.text()).toMatch(text);
  });

  it('meets only the path and the method that were named', async () => {
    await fail({ errorCode: 4004, path: `/sheets/${sheet.id}/rows`, method: 'PUT' });
    expect((await get()).status).toBe(200);
    const cells = [{ columnId: sheet.columns['Note'], value: 'a' }];
    const write = () => sandbox.api('PUT', `/sheets/${sheet.id}/rows`, [{ id: sheet.rowIds[0], cells }]);
    expect((await write()).status).toBe(500);
    expect((await write()).status).toBe(200);
  });

  it('can break the connection, before or after the request was carried out', async () => {
    const rows = async () =>
      (await sandbox.api<{ totalRowCount: number }>('GET', `/sheets/${sheet.id}`)).body.totalRowCount;
    const add = () => sandbox.api('POST', `/sheets/${sheet.id}/rows`, [{ toBottom: true, cells: [] }]);
    const before = await rows();
    await fail({ cut: 'reset', method: 'POST' });
    await expect(add()).rejects.toThrow('fetch failed');
    expect(await rows()).toBe(before);
    await fail({ cut: 'reset', method: 'POST', afterDoing: true });
    await expect(add()).rejects.toThrow('fetch failed');
    expect(await rows()).toBe(before + 1);
  });

  it('can hold the answer until the client has given up, and ends all the same', async () => {
    await fail({ cut: 'hold' });
    await expect(get(undefined, AbortSignal.timeout(200))).rejects.toThrow(/timeout|aborted/);
    expect((await get()).status).toBe(200);
    const own = await startSandboxProcess();
    await own.control('POST', '/sandbox/faults', { failNext: { cut: 'hold' } });
    const held = expect(own.api('GET', '/sheets')).rejects.toThrow('fetch failed');
    expect(await own.stop()).toBe(0);
    await held;
  });

  it('can let an answer come late', async () => {
    await fail({ errorCode: 4002, holdSeconds: 0.05 });
    expect((await get()).status).toBe(500);
  });
});

it('cuts a text at 4,000 characters without a word, from the API and by hand', async () => {
  const long = 'x'.repeat(4_001);
  const cells = [{ columnId: sheet.columns['Note'], value: long }];
  const answer = await sandbox.api('PUT', `/sheets/${sheet.id}/rows`, [{ id: sheet.rowIds[0], cells }]);
  expect(answer).toMatchObject({ status: 200, body: { message: 'SUCCESS' } });
  await sheet.edit(1, { Note: long });
  const { rows } = (
    await sandbox.api<{ rows: { cells: { columnId: number; value?: string }[] }[] }>('GET', `/sheets/${sheet.id}`)
  ).body;
  const notes = rows.slice(0, 2).map((row) => row.cells.find(({ columnId }) => columnId === sheet.columns['Note']));
  expect(notes.map((cell) => cell?.value?.length)).toEqual([4_000, 4_000]);
});
