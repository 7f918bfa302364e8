import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { practiceSheet, type PracticeSheet } from './office';

interface SheetAnswer {
  readonly rows: { readonly cells: { readonly value?: unknown }[] }[];
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

describe('a refusal', () => {
  const rowPath = () => `${path}/rows`;
  const row = (cells: unknown) => [{ id: sheet.rowIds[0], cells }];

  it.each<[string, number, number, () => Promise<{ status: number }>]>([
    [
      'no token',
      401,
      1001,
      async () => {
        const response = await fetch(`${sandbox.url}/2.0/sheets`);
        return { status: response.status, body: await response.json() };
      },
    ],
    ['an unknown token', 401, 1002, () => sandbox.api('GET', '/sheets', undefined, { Authorization: 'Bearer nobody' })],
    [
      'a user who cannot be assumed',
      401,
      1030,
      () => sandbox.api('GET', '/sheets', undefined, { 'Assume-User': 'nobody%40example.com' }),
    ],
    ['a sheet that is not there', 404, 1006, () => sandbox.api('GET', '/sheets/5')],
    ['a path that is not there', 404, 1006, () => sandbox.api('GET', '/nonsense')],
    ['a bad query', 400, 1018, () => sandbox.api('GET', `${path}?rowIds=abc`)],
    ['a missing attribute', 400, 1012, () => sandbox.api('POST', '/sheets', { columns: [] })],
    ['a bad attribute', 400, 1031, () => sandbox.api('POST', '/sheets', { name: 5, columns: [] })],
    [
      'an attribute that is not allowed',
      400,
      1032,
      () => sandbox.api('POST', rowPath(), [{ cells: [{ columnId: sheet.columns['Note'], formula: '=1' }] }]),
    ],
    ['an unknown column', 400, 1036, () => sandbox.api('PUT', rowPath(), row([{ columnId: 1, value: 1 }]))],
    ['a column twice', 400, 1037, () => sandbox.api('PUT', rowPath(), row([cell('Note', 1), cell('Note', 2)]))],
    ['a number out of range', 400, 1148, () => sandbox.api('PUT', rowPath(), row([cell('Note', 1e300)]))],
    [
      'two kinds of place',
      400,
      1123,
      () =>
        sandbox.api('POST', rowPath(), [
          { toTop: true, cells: [] },
          { toBottom: true, cells: [] },
        ]),
    ],
    [
      'more than 500 rows',
      400,
      1031,
      () =>
        sandbox.api(
          'POST',
          rowPath(),
          Array.from({ length: 501 }, () => ({ cells: [] })),
        ),
    ],
    ['a row that is gone', 404, 1006, () => sandbox.api('DELETE', `${rowPath()}?ids=77`)],
    ['an unknown user', 404, 1020, () => sandbox.api('GET', '/users/3940654876256132')],
    [
      'a hook on no sheet',
      404,
      1151,
      () =>
        sandbox.api('POST', '/webhooks', {
          name: 'x',
          callbackUrl: 'http://127.0.0.1:9/',
          scope: 'sheet',
          scopeObjectId: 5,
          events: ['*.*'],
          version: 1,
        }),
    ],
  ])('of %s is %i with the code %i', async (_what, status, errorCode, ask) => {
    expect(await ask()).toMatchObject({
      status,
      body: { errorCode, message: expect.any(String), refId: expect.any(String) },
    });
  });

  it('of a body that is no JSON is 400 with the code 1008', async () => {
    const headers = { Authorization: 'Bearer practice-token' };
    const response = await fetch(`${sandbox.url}/2.0${path}/rows`, { method: 'PUT', headers, body: '{"id":' });
    expect([response.status, ((await response.json()) as { errorCode: number }).errorCode]).toEqual([400, 1008]);
  });

  it('of one row refuses the whole request, unless partial success is wanted', async () => {
    const rows = [
      { id: sheet.rowIds[0], cells: [cell('Quantity', 99)] },
      { id: 77, cells: [] },
    ];
    expect((await write(rows)).status).toBe(404);
    expect((await read()).rows[0]?.cells[1]).toMatchObject({ value: 10 });
    expect(await write(rows, '?allowPartialSuccess=true')).toMatchObject({
      status: 200,
      body: { resultCode: 3, failedItems: [{ index: 1, rowId: 77 }] },
    });
    expect((await read()).rows[0]?.cells[1]).toMatchObject({ value: 99 });
  });

  it('of a value that breaks the strict rule of its column has the code 1042', async () => {
    const columns = [
      { title: 'Key', type: 'TEXT_NUMBER', primary: true },
      { title: 'Day', type: 'DATE' },
      { title: 'Done', type: 'CHECKBOX' },
      { title: 'Who', type: 'CONTACT_LIST' },
      { title: 'Size', type: 'PICKLIST', options: ['S', 'L'] },
    ];
    const { body } = await sandbox.api<{ result: { id: number; columns: { id: number }[] } }>('POST', '/sheets', {
      name: 'Strict',
      columns,
    });
    const [, day, done, who, size] = body.result.columns.map(({ id }) => id);
    const bad = [
      [day, '2011-02-30'],
      [day, 'soon'],
      [done, 'yes'],
      [who, 'Anna'],
      [size, 'M'],
    ];
    for (const [columnId, value] of bad) {
      expect(
        await sandbox.api('POST', `/sheets/${body.result.id}/rows`, { cells: [{ columnId, value }] }),
      ).toMatchObject({ status: 400, body: { errorCode: 1042 } });
    }
    const good = [
      [day, '2011-02-28'],
      [done, true],
      [who, 'anna@example.com'],
      [size, 'L'],
    ].map(([columnId, value]) => ({ columnId, value }));
    expect((await sandbox.api('POST', `/sheets/${body.result.id}/rows`, { cells: good })).status).toBe(200);
  });
});
