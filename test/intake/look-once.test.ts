import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { lookOnce, NOTHING_REMEMBERED, type LookParts } from '../../lib/runtime/look-once';
import { createPeople } from '../../lib/runtime/people';
import { VersionTrust } from '../../lib/runtime/resolution/version-trust';
import { createClient, createLimiter, SmartsheetUnavailable } from '../../lib/smartsheet';
import { secretBox, storeOver, type EmbeddedStoreDriver } from '../../lib/store';
import { practiceSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { recordingLog } from './support';
import { brief } from './watchtower';

const folder = newFolder();
let sandbox: SandboxProcess;
let driver: EmbeddedStoreDriver;
let parts: LookParts;
/** Milliseconds that this machine's clock is ahead. */
let ahead = 0;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--seed', '13');
  driver = await openTestStore(folder, buildStoreWorker());
  const now = (): number => Date.now() + ahead;
  const sleep = (): Promise<void> => Promise.resolve();
  const limiter = createLimiter(null, { now, sleep });
  const account = { http: httpOverFetch(), token: 'practice-token', base: `${sandbox.url}/2.0/` };
  const client = createClient({ ...account, limiter, now, sleep, random: () => 0.5 });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const trust = new VersionTrust();
  parts = { client, people: createPeople(client, now), store, trust, now, log: recordingLog() };
}, 120_000);

afterAll(async () => {
  await driver.close();
  await sandbox.stop();
  removeFolder(folder);
}, 120_000);

it('one look tells the steps of a cell that two people wrote since the last one', async () => {
  const sheet = await practiceSheet(sandbox);
  const look = { sheetId: String(sheet.id), hasWebhook: false, memory: NOTHING_REMEMBERED };
  await lookOnce(look, parts);
  for (const [value, by] of [
    [12, 'clerk@example.com'],
    [15, 'foreman@example.com'],
  ] as const) {
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 5 });
    await sheet.edit(0, { Quantity: value }, by);
  }
  await lookOnce(look, parts);
  expect(await parts.store.counts()).toMatchObject({ changes_provisional: 0 });
  const changes = await parts.store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds: 60 });
  expect(changes.map(brief)).toEqual([
    ['Quantity', '10', '12', 'clerk@example.com'],
    ['Quantity', '12', '15', 'foreman@example.com'],
  ]);
});

describe('attachments and comments', () => {
  const clerk = 'clerk@example.com';
  const told = async (): Promise<readonly (readonly unknown[])[]> =>
    (await parts.store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds: 60 })).map(
      ({ kind, old_value, new_value, changed_by }) => [kind, old_value, new_value, changed_by],
    );
  const onSheet = async () => {
    const sheet = await practiceSheet(sandbox);
    const look = { sheetId: String(sheet.id), hasWebhook: false };
    const attach = (name: string): Promise<{ id: number }> =>
      sandbox.control('POST', '/sandbox/attachments', { sheetId: sheet.id, name, text: 'x', by: clerk });
    const take = async (id: number): Promise<void> => {
      expect((await sandbox.api('DELETE', `/sheets/${sheet.id}/attachments/${id}`)).status).toBe(200);
    };
    return { sheet, look, attach, take };
  };

  it('are found by looks alone, and what hung there before the first look is no change', async () => {
    const { sheet, look, attach, take } = await onSheet();
    const old = await attach('old.txt');
    const first = await lookOnce({ ...look, memory: NOTHING_REMEMBERED }, parts);
    expect(await told()).toEqual([]);
    await attach('new.txt');
    await sandbox.control('POST', '/sandbox/comments', { sheetId: sheet.id, text: 'Why?', by: clerk });
    await take(old.id);
    ahead += 300_000;
    await lookOnce({ ...look, memory: first }, parts);
    expect(new Set(await told())).toEqual(
      new Set([
        ['attachment_created', null, 'new.txt', clerk],
        ['attachment_deleted', 'old.txt', null, null],
        ['discussion_created', null, 'Why?', clerk],
        ['comment_created', null, 'Why?', clerk],
      ]),
    );
  });

  it('are listed every five minutes at most, and then for all that happened since', async () => {
    const { look, attach } = await onSheet();
    const first = await lookOnce({ ...look, memory: NOTHING_REMEMBERED }, parts);
    await attach('one.txt');
    const second = await lookOnce({ ...look, memory: first }, parts);
    expect(await told()).toEqual([]);
    expect(second.listedAt).toBe(first.listedAt);
    ahead += 300_000;
    const third = await lookOnce({ ...look, memory: second }, parts);
    expect(await told()).toEqual([['attachment_created', null, 'one.txt', clerk]]);
    ahead += 300_000;
    // Nothing changed on the sheet since: no list is asked for.
    expect(await lookOnce({ ...look, memory: third }, parts)).toMatchObject({ listedAt: third.listedAt });
  });

  it('wait for who deleted them where a webhook may still tell it, and are not forgotten', async () => {
    const { look, attach, take } = await onSheet();
    const { id } = await attach('gone.txt');
    const hooked = { ...look, hasWebhook: true };
    const first = await lookOnce({ ...hooked, memory: NOTHING_REMEMBERED }, parts);
    await take(id);
    ahead += 300_000;
    const second = await lookOnce({ ...hooked, memory: first }, parts);
    expect(await told()).toEqual([]);
    expect(Object.keys(second.missingHangings)).toEqual([`attachment ${id}`]);
    ahead += 90_000;
    const third = await lookOnce({ ...hooked, memory: second }, parts);
    expect(await told()).toEqual([['attachment_deleted', 'gone.txt', null, null]]);
    expect(third.missingHangings).toEqual({});
  });

  it('keep neither rows nor cells from being told when they cannot be listed, and are listed later', async () => {
    const { sheet, look, attach } = await onSheet();
    const hooked = { ...look, hasWebhook: true };
    const first = await lookOnce({ ...hooked, memory: NOTHING_REMEMBERED }, parts);
    await attach('one.txt');
    await sheet.edit(0, { Quantity: 77 }, clerk);
    expect((await sandbox.api('DELETE', `/sheets/${sheet.id}/rows?ids=${sheet.rowIds[1]}`)).status).toBe(200);
    ahead += 300_000;
    const refused = (): Promise<never> =>
      Promise.reject(new SmartsheetUnavailable('list them', 'it does not answer', 1));
    const client = { ...parts.client, listDiscussions: refused, listAttachments: refused };
    const second = await lookOnce({ ...hooked, memory: first }, { ...parts, client });
    expect(await told()).toEqual([['cell_changed', '10', '77', clerk]]);
    expect(Object.keys(second.missingRows)).toEqual([String(sheet.rowIds[1])]);
    expect(second.listedAt).toBeGreaterThan(first.listedAt);
    ahead += 300_000;
    const third = await lookOnce({ ...hooked, memory: second }, parts);
    expect(new Set((await told()).map(([kind]) => kind))).toEqual(new Set(['row_deleted', 'attachment_created']));
    expect(third.missingRows).toEqual({});
  });
});
