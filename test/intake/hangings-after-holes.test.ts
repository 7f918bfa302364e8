import type { Stop } from '../../lib/define';
import type { Change } from '../../lib/event';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
const writer = 'writer@example.com';
const HOUR = 3_600_000;
const timing = {
  coverageSeconds: 0.05,
  sweepSeconds: 0.3,
  deletionGraceSeconds: 0.5,
  callbackPatienceSeconds: 60,
  glanceSeconds: 0.05,
};

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
const watch = async (how: Parameters<Watchtower['watch']>[2] = {}): Promise<void> => {
  deployed.push(await tower.watch(sandbox, [sheet.id], how));
  await tower.shows('^watching');
};
const gaps = (): readonly Change[] => tower.found.filter(({ kind }) => kind === 'watch_gap');
const told = (): readonly (readonly unknown[])[] =>
  tower.found
    .filter(({ kind }) => kind !== 'watch_gap')
    .map(({ kind, old_value, new_value, changed_by, row_id }) => [kind, old_value, new_value, changed_by, row_id])
    .sort((left, right) => String(left[0]).localeCompare(String(right[0])));
const nothingWaits = (): Promise<unknown> =>
  until(async () => {
    const { callbacks_waiting, changes_waiting, changes_leased } = await tower.store.counts();
    return callbacks_waiting + changes_waiting + changes_leased === 0;
  }, 'everything to be recorded');
const keysInTrail = async (): Promise<readonly string[]> =>
  (await tower.store.search({ sheet_id: String(sheet.id), limit: 100 })).events
    .filter(({ kind }) => kind !== 'watch_gap')
    .map(({ event_key }) => event_key)
    .sort();
/** A sign of life of the watch, which it gives by itself a moment later: what comes after the last one is the hole. */
const isWatchedNow = (): Promise<unknown> => {
  const sheets = [{ sheet_id: String(sheet.id), how: 'webhook', compares: 0, version: null }];
  const at = new Date(now()).toISOString();
  return tower.rpc('billing_audit_watch_seen', { at, time_zone: 'UTC', running_since: at, sheets });
};
/** Whether the lists were compared up to the sheet as it is now. */
const listsAreDone = (): Promise<unknown> =>
  until(async () => {
    const { version } = (await sandbox.api<{ version: number }>('GET', `/sheets/${sheet.id}/version`)).body;
    const { lists } = await tower.store.knownHangings(String(sheet.id));
    return lists.length === 2 && lists.every((list) => list.version === version);
  }, 'both lists to be compared');

interface Begun {
  readonly discussionId: number;
  readonly commentId: number;
}
const attach = (name: string, on: object = { rowId: sheet.rowIds[0] }): Promise<{ id: number }> =>
  sandbox.control('POST', '/sandbox/attachments', { sheetId: sheet.id, name, text: 'x', by: clerk, ...on });
const say = (text: string, on: object): Promise<Begun> =>
  sandbox.control('POST', '/sandbox/comments', { sheetId: sheet.id, text, by: writer, ...on });
const take = async (path: string): Promise<void> => {
  expect((await sandbox.api('DELETE', `/sheets/${sheet.id}/${path}`)).status).toBe(200);
};
const rewrite = async (commentId: number, text: string): Promise<void> => {
  const by = { Authorization: 'Bearer writers-token' };
  const { status } = await sandbox.api('PUT', `/sheets/${sheet.id}/comments/${commentId}`, { text }, by);
  expect(status).toBe(200);
};

beforeEach(async () => {
  ahead = 0;
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '0');
  await sandbox.control('POST', '/sandbox/users', { email: writer, token: 'writers-token' });
  tower = await openWatchtower(timing, { alerting: true, machine: { now } });
  sheet = await practiceSheet(sandbox);
}, 120_000);
afterEach(async () => {
  for (const stop of deployed.splice(0)) await stop({ removed: false });
  await tower.close();
  await sandbox.stop();
}, 120_000);

it('finds once what became of attachments and comments while nothing ran, and the hole says how many', async () => {
  const row = String(sheet.rowIds[0]);
  const old = await attach('old.txt');
  const talk = await say('first words', { rowId: sheet.rowIds[0] });
  const more = await say('second words', { discussionId: talk.discussionId });
  await watch();
  await listsAreDone();
  expect(tower.found).toEqual([]);
  deployed.length = 0;
  await isWatchedNow();
  const reopen = await tower.halt();

  await pass(HOUR);
  const fresh = await attach('new.txt');
  const late = await say('third words', { discussionId: talk.discussionId });
  await take(`comments/${more.commentId}`);
  await take(`attachments/${old.id}`);
  await rewrite(talk.commentId, 'first words, better');
  await pass(HOUR);

  tower = await reopen();
  await watch();
  await until(() => gaps().length > 0, 'the hole');
  await nothingWaits();
  expect(told()).toEqual([
    ['attachment_created', null, 'new.txt', clerk, row],
    ['attachment_deleted', 'old.txt', null, null, row],
    ['comment_created', null, 'third words', writer, row],
    ['comment_deleted', 'second words', null, null, row],
    ['comment_updated', 'first words', 'first words, better', writer, row],
  ]);
  expect(gaps()[0]!.values).toMatchObject({ attachments: '2', comments: '3', 'rows deleted': '0' });
  expect(gaps()[0]!.new_value).toContain('2 attachments, 3 comments');
  const keys = await keysInTrail();
  expect(keys).toHaveLength(5);
  expect(keys).toEqual(
    expect.arrayContaining([
      `${sheet.id}:attachment:${fresh.id}:created:1`,
      `${sheet.id}:attachment:${old.id}:deleted:1`,
      `${sheet.id}:comment:${late.commentId}:created:1`,
      `${sheet.id}:comment:${more.commentId}:deleted:1`,
    ]),
  );

  tower = await tower.restart();
  await watch();
  const last = await attach('last.txt');
  await until(() => told().length > 0, 'what happened after the next restart');
  await listsAreDone();
  await nothingWaits();
  expect(await keysInTrail()).toEqual([...keys, `${sheet.id}:attachment:${last.id}:created:1`].sort());
}, 120_000);

it('doubles nothing when the callbacks come after the compare', async () => {
  const old = await attach('old.txt', {});
  await watch();
  await listsAreDone();
  await sandbox.control('POST', '/sandbox/faults', { delaySeconds: 600 });
  const fresh = await attach('new.txt', {});
  const talk = await say('words', {});
  await pass(5000);
  await rewrite(talk.commentId, 'other words');
  await take(`attachments/${old.id}`);
  await until(() => told().length === 5, 'what the lists show');
  await listsAreDone();
  const found = await keysInTrail();
  expect(tower.found.every(({ found_by }) => found_by === 'backfill')).toBe(true);
  const answered = tower.answered();

  await sandbox.control('POST', '/sandbox/faults', { delaySeconds: 0 });
  await pass(700_000);
  await sandbox.control('POST', '/sandbox/settle');
  await until(() => tower.answered() >= answered + 4, 'the late callbacks');
  await nothingWaits();
  expect(await keysInTrail()).toEqual(found);
  expect(found).toContain(`${sheet.id}:attachment:${fresh.id}:created:1`);
  expect(told()).toContainEqual(['attachment_deleted', 'old.txt', null, null, null]);
}, 60_000);

it('finds in a sweep what a dropped callback should have told, and says that callbacks are missing', async () => {
  await watch();
  await listsAreDone();
  await sandbox.control('POST', '/sandbox/faults', { dropNext: 1 });
  const lost = await attach('lost.txt', {});
  await until(() => told().length === 1, 'the attachment');
  expect(told()).toEqual([['attachment_created', null, 'lost.txt', clerk, null]]);
  expect(gaps()).toEqual([]);
  await pass(61_000);
  const troubles = async (): Promise<readonly unknown[]> =>
    ((await tower.rpc('billing_audit_watch_troubles', {})) as { troubles: unknown[] }).troubles;
  await until(async () => (await troubles()).length > 0, 'people to be told');
  const next = await attach('next.txt', {});
  await until(() => gaps().length > 0, 'the hole');
  await nothingWaits();
  expect(gaps()[0]!.values).toMatchObject({ reason: 'callback_missing' });
  expect(await keysInTrail()).toEqual([lost, next].map(({ id }) => `${sheet.id}:attachment:${id}:created:1`).sort());
}, 60_000);

it('tells what goes with its row, its discussion or its comment as a callback would: by that alone', async () => {
  const [first, second] = sheet.rowIds;
  await attach('with-the-row.txt');
  await say('with the row', { rowId: first });
  const talk = await say('first', { rowId: second });
  const more = await say('more', { discussionId: talk.discussionId });
  await attach('on-the-comment.txt', { commentId: more.commentId });
  const other = await say('another', {});
  const reply = await say('a reply', { discussionId: other.discussionId });
  await attach('on-the-reply.txt', { commentId: reply.commentId });
  await watch();
  await listsAreDone();
  deployed.length = 0;
  await isWatchedNow();
  const reopen = await tower.halt();
  await pass(HOUR);
  await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [first], by: clerk });
  await take(`discussions/${talk.discussionId}`);
  await take(`comments/${reply.commentId}`);
  tower = await reopen();
  await watch();
  await until(() => gaps().length > 0, 'the hole');
  await listsAreDone();
  await nothingWaits();
  expect(told()).toEqual([
    ['comment_deleted', 'a reply', null, null, null],
    ['discussion_deleted', 'first', null, null, String(second)],
    ['row_deleted', null, null, null, String(first)],
  ]);
  const { objects } = await tower.store.knownHangings(String(sheet.id));
  expect(objects.map(({ text }) => text)).toEqual(['another', 'another']);
}, 60_000);

it('compares the rest, ends the hole and says so when the token may not list them', async () => {
  await watch();
  await listsAreDone();
  deployed.length = 0;
  await isWatchedNow();
  const reopen = await tower.halt();
  await pass(HOUR);
  await attach('unseen.txt', {});
  await say('seen', {});
  await sheet.edit(0, { Quantity: 12 }, clerk);
  const refusal = { status: 403, errorCode: 1004, count: 1000, path: `/sheets/${sheet.id}/attachments`, method: 'GET' };
  await sandbox.control('POST', '/sandbox/faults', { failNext: refusal });
  tower = await reopen();
  await watch();
  await until(() => gaps().length > 0, 'the hole');
  await nothingWaits();
  expect(told().map(([kind]) => kind)).toEqual(['cell_changed', 'comment_created', 'discussion_created']);
  expect(gaps()[0]!.values['not compared']).toMatch(/^attachments \(Smartsheet refused to list .*1004/);
  expect(tower.log.lines.filter((line) => line.includes('compared without its attachments'))).toHaveLength(1);

  await sandbox.control('POST', '/sandbox/faults', { failNext: null });
  await sheet.edit(0, { Quantity: 13 }, clerk);
  await until(() => told().some(([kind]) => kind === 'attachment_created'), 'the attachment, once it may be listed');
}, 60_000);
