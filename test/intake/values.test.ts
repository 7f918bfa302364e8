import { cellText } from '../../lib/smartsheet';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { openWatchtower, type Watchtower } from './watchtower';

let sandbox: SandboxProcess;
let tower: Watchtower;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--seed', '11');
  tower = await openWatchtower();
}, 120_000);

afterAll(async () => {
  await tower?.close();
  await sandbox?.stop();
}, 120_000);

interface Made {
  readonly id: number;
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly id: number }[];
}

const column = (title: string, type: string, options: readonly string[] = []): object => ({ title, type, options });
const contacts = (...values: object[]): object => ({ objectValue: { objectType: 'MULTI_CONTACT', values } });
const options = (...values: string[]): object => ({ objectValue: { objectType: 'MULTI_PICKLIST', values } });
const ann = { objectType: 'CONTACT', email: 'ann@example.com', name: 'Ann' };
const bob = { objectType: 'CONTACT', email: 'bob@example.com', name: 'Bob' };
const long = 'x'.repeat(5000);

/** What is written one after another into a cell of such a column, and the values that it goes through. */
const CASES: readonly (readonly [string, object, readonly object[], readonly (string | null)[]])[] = [
  ['a checkbox', column('C', 'CHECKBOX'), [{ value: true }, { value: false }], [null, 'true', 'false']],
  ['a date', column('C', 'DATE'), [{ value: '2026-01-31' }, { value: null }], [null, '2026-01-31', null]],
  [
    'a text that is longer than a cell holds, which Smartsheet cuts without a word',
    column('C', 'TEXT_NUMBER'),
    [{ value: long }, { value: 'short' }],
    [null, long.slice(0, 4000), 'short'],
  ],
  [
    'the largest and the smallest numbers, without an exponent',
    column('C', 'TEXT_NUMBER'),
    [{ value: 9007199254740992 }, { value: 0.0000001 }, { value: 0 }],
    [null, '9007199254740992', '0.0000001', '0'],
  ],
  [
    'a cell that is emptied, also by an empty text',
    column('C', 'TEXT_NUMBER'),
    [{ value: 'a' }, { value: '' }, { value: ' ' }, { value: null }],
    [null, 'a', null, ' ', null],
  ],
  [
    'a contact, by its address',
    column('C', 'CONTACT_LIST'),
    [
      { value: ann.email, displayValue: 'Ann' },
      { value: bob.email, displayValue: 'Bob' },
    ],
    [null, ann.email, bob.email],
  ],
  [
    'several contacts, as the sheet shows them',
    column('C', 'MULTI_CONTACT_LIST'),
    [contacts(ann), contacts(ann, bob), { value: null }],
    [null, 'Ann', 'Ann, Bob', null],
  ],
  [
    'several options',
    column('C', 'MULTI_PICKLIST', ['A', 'B', 'C']),
    [options('A', 'C'), options('C')],
    [null, 'A, C', 'C'],
  ],
  [
    'a link, by the text that is shown',
    column('C', 'TEXT_NUMBER'),
    [{ value: 'Plan', hyperlink: { url: 'https://example.com/1' } }, { value: 'Map' }],
    [null, 'Plan', 'Map'],
  ],
];

it.each(CASES)('the trail tells %s', async (_what, made, writes, values) => {
  const sheet = await sandbox.control<Made>('POST', '/sandbox/sheets', {
    name: 'Values',
    columns: ['Work Request #', made],
    rows: [{ 'Work Request #': 'WR-1' }],
  });
  tower.found.length = 0;
  const stop = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
  for (const [index, write] of writes.entries()) {
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 2 });
    const rows = [{ id: sheet.rows[0]!.id, cells: [{ columnId: sheet.columns['C'], ...write }] }];
    const answer = await sandbox.api('PUT', `/sheets/${sheet.id}/rows`, rows);
    expect(answer.status).toBe(200);
    await until(() => tower.found.length > index, `change ${index + 1}`);
  }
  await stop({ removed: true });
  const steps = writes.map((_write, index) => [values[index], values[index + 1]]);
  expect(tower.found.map(({ old_value, new_value }) => [old_value, new_value])).toEqual(steps);
});

it.each(['polling', 'callbacks'])(
  'columns that Smartsheet keeps itself do not hide who wrote a cell, by %s',
  async (how) => {
    const sheet = await sandbox.control<Made>('POST', '/sandbox/sheets', {
      name: 'Values',
      columns: ['Work Request #', 'Quantity'],
      rows: [{ 'Work Request #': 'WR-1', Quantity: 1 }],
    });
    const kept = { title: 'Last writer', type: 'CONTACT_LIST', systemColumnType: 'MODIFIED_BY', index: 2 };
    expect((await sandbox.api('POST', `/sheets/${sheet.id}/columns`, kept)).status).toBe(200);
    tower.found.length = 0;
    const stop = await tower.watch(sandbox, [sheet.id], { polling: how === 'polling' });
    await tower.shows('^watching');
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 2 });
    const cells = { Quantity: 2 };
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet.id,
      rowId: sheet.rows[0]!.id,
      cells,
      by: 'clerk@example.com',
    });
    await until(() => tower.found.some(({ column_name }) => column_name === 'Quantity'), 'the change');
    await stop({ removed: true });
    expect(tower.found.filter(({ column_name }) => column_name === 'Quantity')).toMatchObject([
      { old_value: '1', new_value: '2', changed_by: 'clerk@example.com', changed_by_kind: 'person' },
    ]);
    expect(tower.found.filter(({ column_name }) => column_name === 'Last writer').map((one) => one.new_value)).toEqual([
      'clerk@example.com',
    ]);
  },
);

it.each([
  ['a number beyond what JSON writes plainly', { value: 1e21 }, '1000000000000000000000'],
  ['several contacts that came as an object alone', contacts(ann, bob), 'ann@example.com, bob@example.com'],
  ['the same in the older spelling', { objectValue: { objectType: 'MULTI_CONTACT', value: [ann] } }, 'ann@example.com'],
  ['several options that came as an object alone', options('A', 'B'), 'A, B'],
  ['no options at all', options(), null],
  [
    "a formula's error, which comes as its text",
    { value: '#CIRCULAR REFERENCE', formula: '=A1' },
    '#CIRCULAR REFERENCE',
  ],
  ['a cell that only shows something', { displayValue: 'shown' }, 'shown'],
  ['an empty cell', {}, null],
])('a cell reads as text: %s', (_what, content, text) => {
  expect(cellText(content)).toBe(text);
});
