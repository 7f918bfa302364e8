import type { Stop } from '../../lib/define';
import type { Change } from '../../lib/event';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
const foreman = 'foreman@example.com';
const HOUR = 3_600_000;

/** The machine's clock and the sandbox's, moved on together. */
let ahead = 0;
let sandbox: SandboxProcess;
let tower: Watchtower;
let sheet: PracticeSheet;
const deployed: Stop[] = [];

const now = (): number => Date.now() + ahead;
const pass = async (milliseconds: number): Promise<void> => {
  await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: milliseconds / 1000 });
  ahead += milliseconds;
};
const timing = {
  coverageSeconds: 0.05,
  sweepSeconds: 0.5,
  glanceSeconds: 0.05,
  wellSeconds: 0.05,
  deletionGraceSeconds: 0.5,
  callbackPatienceSeconds: 60,
};
const open = (): Promise<Watchtower> => openWatchtower(timing, { alerting: true, machine: { now } });
const watch = async (how: { quick?: boolean } = {}): Promise<void> => {
  deployed.push(await tower.watch(sandbox, [sheet.id], how));
  await tower.shows('^watching$');
};
const gaps = (): readonly Change[] => tower.found.filter(({ kind }) => kind === 'watch_gap');
const others = (): readonly (readonly unknown[])[] => tower.found.filter(({ kind }) => kind !== 'watch_gap').map(brief);
const nothingWaits = async (): Promise<void> => {
  await until(async () => {
    const { callbacks_waiting, changes_waiting, changes_leased } = await tower.store.counts();
    return callbacks_waiting + changes_waiting + changes_leased === 0;
  }, 'everything to be recorded');
};
const sorted = (list: readonly unknown[]): unknown[] => list.map((one) => JSON.stringify(one)).sort();
const hook = async (): Promise<{ id: number; status: string }> => {
  const { webhooks } = await sandbox.control<{ webhooks: { id: number; sheetId: number; status: string }[] }>(
    'GET',
    '/sandbox/webhooks',
  );
  const [one, ...more] = webhooks.filter(({ sheetId }) => sheetId === sheet.id);
  expect(more).toEqual([]);
  return one!;
};
/** What people have been told and what lasts. */
const troubles = async (): Promise<readonly unknown[]> =>
  ((await tower.rpc('billing_audit_watch_troubles', {})) as { troubles: unknown[] }).troubles;
const disable = async (status: string): Promise<unknown> =>
  sandbox.control('POST', `/sandbox/webhooks/${(await hook()).id}/disable`, { status });

beforeEach(async () => {
  ahead = 0;
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '0');
  tower = await open();
  sheet = await practiceSheet(sandbox);
}, 120_000);
afterEach(async () => {
  for (const stop of deployed.splice(0)) await stop({ removed: false });
  await tower.close();
  await sandbox.stop();
}, 120_000);

it('finds all that happened in 26 hours with the webhook disabled, values in between too, and records the hole once', async () => {
  await watch();
  const leftAt = now();
  deployed.length = 0;
  await disable('DISABLED_CALLBACK_FAILED');
  const reopen = await tower.halt();

  const edit = async (row: number, cells: object, by: string): Promise<void> => {
    await pass(HOUR);
    await sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: sheet.rowIds[row], cells, by });
  };
  await edit(0, { Quantity: 11 }, clerk);
  await edit(0, { Quantity: 12 }, foreman);
  await edit(0, { Quantity: 13, Note: 'seen' }, clerk);
  await edit(0, { Note: null }, foreman);
  const made = await sandbox.control<{ rows: { id: number }[] }>('POST', '/sandbox/rows', {
    sheetId: sheet.id,
    rows: [{ 'Work Request #': 'WR-9', Quantity: 5 }],
    by: clerk,
  });
  await pass(HOUR);
  await sandbox.control('POST', '/sandbox/edit', {
    sheetId: sheet.id,
    rowId: made.rows[0]!.id,
    cells: { Quantity: 6 },
    by: foreman,
  });
  await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: clerk });
  await pass(21 * HOUR);

  const backAt = now();
  tower = await reopen();
  await watch();
  await until(() => gaps().length > 0, 'the hole');
  await nothingWaits();
  expect(sorted(others())).toEqual(
    sorted([
      ['Quantity', '10', '11', clerk],
      ['Quantity', '11', '12', foreman],
      ['Quantity', '12', '13', clerk],
      ['Note', null, 'seen', clerk],
      ['Note', 'seen', null, foreman],
      ['row_added', clerk],
      ['Quantity', '5', '6', foreman],
      ['row_deleted', null],
    ]),
  );
  expect((await hook()).status).toBe('ENABLED');
  const [gap] = gaps();
  const { from, to, ...recovered } = gap!.values;
  expect(recovered).toEqual({
    reason: 'not_watched',
    why: 'the server or its flow did not run, or was cut off',
    'cells changed': '6',
    'rows added': '1',
    'rows deleted': '1',
    attachments: '0',
    comments: '0',
  });
  expect(Math.abs(Date.parse(from!) - leftAt)).toBeLessThan(60_000);
  expect(Date.parse(to!) - Date.parse(from!)).toBeGreaterThanOrEqual(26 * HOUR);
  expect(Date.parse(to!) - backAt).toBeLessThan(5 * 60_000);

  tower = await tower.restart();
  await watch();
  await edit(0, { Quantity: 14 }, clerk);
  await until(() => others().length === 1, 'the change after the next restart');
  await nothingWaits();
  const { events } = await tower.store.search({ kind: 'watch_gap' });
  expect(events).toHaveLength(1);
}, 120_000);

it.each(['DISABLED_CALLBACK_FAILED', 'DISABLED_VERIFICATION_FAILED'])(
  'enables a webhook again that is %s, and records since when callbacks were missing',
  async (status) => {
    await watch();
    await disable(status);
    await sheet.edit(0, { Quantity: 77 }, clerk);
    await until(() => gaps().length > 0, 'the hole');
    await nothingWaits();
    expect(others()).toEqual([['Quantity', '10', '77', clerk]]);
    expect((await hook()).status).toBe('ENABLED');
    expect(gaps()[0]!.values).toMatchObject({ reason: 'webhook_off', why: expect.stringContaining(status) });
    expect(gaps()[0]!.new_value).toContain('1 changed cells');
  },
  60_000,
);

it.each([
  ['DISABLED_EXCEEDED_GRID_LIMITS', 'archive rows'],
  ['DISABLED_ADMINISTRATIVE', 'ask its support'],
])('tells people what to do when a webhook is %s, and watches by the version meanwhile', async (status, whatToDo) => {
  await watch({ quick: true });
  if (status === 'DISABLED_EXCEEDED_GRID_LIMITS') {
    await sandbox.control('POST', `/sandbox/sheets/${sheet.id}/grid`, { tooLarge: true });
  } else await disable(status);
  await tower.shows('no webhook, watching by polling');
  await sheet.edit(0, { Quantity: 77 }, clerk);
  await until(() => others().length > 0, 'the change');
  expect(others()).toEqual([['Quantity', '10', '77', clerk]]);
  expect(tower.log.lines.filter((line) => line.includes(whatToDo))).not.toEqual([]);
  expect((await troubles())[0]).toMatchObject({ kind: 'webhook', sheet_id: String(sheet.id) });
});

it('notices that no callback tells of what it found, though the webhook is enabled, and records when they come again', async () => {
  await watch({ quick: true });
  await sandbox.control('POST', '/sandbox/faults', { dropNext: 1 });
  await sheet.edit(0, { Quantity: 77 }, clerk);
  await until(() => others().length === 1, 'the change');
  expect(gaps()).toEqual([]);
  await pass(61_000);
  await until(async () => (await troubles()).length > 0, 'people to be told');
  await sheet.edit(0, { Quantity: 78 }, clerk);
  await until(() => gaps().length > 0, 'the hole');
  await nothingWaits();
  expect(gaps()[0]!.values).toMatchObject({ reason: 'callback_missing' });
  expect(others()).toEqual([
    ['Quantity', '10', '77', clerk],
    ['Quantity', '77', '78', clerk],
  ]);
  await until(async () => (await troubles()).length === 0, 'the trouble to be over');
});
