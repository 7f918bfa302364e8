import { startReceiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet, type PracticeSheet } from './office';

interface ReportedEvent {
  readonly objectType: string;
  readonly action: string;
  readonly objectId: number;
  readonly objectIdStr: string;
  readonly userId: number;
  readonly source: string;
  readonly eventTimestamp: string | number;
  readonly additionalDetails: Readonly<Record<string, unknown>>;
}
interface Page {
  readonly nextStreamPosition: string;
  readonly moreAvailable: boolean;
  readonly data: readonly ReportedEvent[];
}

let sandbox: SandboxProcess;
let sheet: PracticeSheet;
let since: string;

beforeEach(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--event-reporting');
  sheet = await practiceSheet(sandbox);
  since = new Date(Date.now() - 3_600_000).toISOString();
});
afterEach(() => sandbox.stop());

const ask = (query: string) => sandbox.api<Page>('GET', `/events?${query}`);
const all = async () => (await ask(`since=${since}&maxCount=10000`)).body.data;
const words = (events: readonly ReportedEvent[]) => events.map(({ objectType, action }) => `${objectType} ${action}`);
const now = async () => (await ask(`since=${since}&maxCount=10000`)).body.nextStreamPosition;
const after = async (position: string) => (await ask(`streamPosition=${position}&maxCount=10000`)).body.data;

describe('event reporting', () => {
  it('tells who changed a sheet and from which address, but neither cell nor value', async () => {
    const position = await now();
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet.id,
      rowId: sheet.rowIds[0],
      cells: { Note: 'the new value' },
      by: 'clerk@example.com',
      ip: '203.0.113.77',
    });
    const events = await after(position);
    expect(words(events)).toEqual(['USER LOGIN', 'SHEET UPDATE']);
    expect(events[1]).toMatchObject({
      objectId: sheet.id,
      objectIdStr: String(sheet.id),
      source: 'WEB_APP',
      additionalDetails: {
        emailAddress: 'clerk@example.com',
        sourceIpAddress: '203.0.113.77',
        sheetName: 'Practice week',
      },
    });
    expect(JSON.stringify(events)).not.toContain('the new value');
  });

  it('lets a person sign in once, and again from elsewhere', async () => {
    const position = await now();
    const edit = (value: number, ip?: string) =>
      sandbox.control('POST', '/sandbox/edit', {
        sheetId: sheet.id,
        rowId: sheet.rowIds[0],
        cells: { Quantity: value },
        by: 'foreman@example.com',
        ...(ip === undefined ? {} : { ip }),
      });
    await edit(1);
    await edit(2);
    await edit(3, '198.51.100.9');
    expect(words(await after(position))).toEqual([
      'USER LOGIN',
      'SHEET UPDATE',
      'SHEET UPDATE',
      'USER LOGIN',
      'SHEET UPDATE',
    ]);
  });

  it('gives no address for what a program or a system actor did', async () => {
    const position = await now();
    await sandbox.api('PUT', `/sheets/${sheet.id}/rows`, [
      { id: sheet.rowIds[0], cells: [{ columnId: sheet.columns['Note'], value: 'by a program' }] },
    ]);
    const edit = { sheetId: sheet.id, rowId: sheet.rowIds[0], cells: { Note: 'by a rule' }, actor: 'automation' };
    await sandbox.control('POST', '/sandbox/edit', edit);
    const events = await after(position);
    expect(events.map(({ source, userId }) => [source, userId === 3940654876256132])).toEqual([
      ['API_UNDEFINED_APP', false],
      ['WEB_APP', true],
    ]);
    for (const { additionalDetails } of events) expect(additionalDetails).not.toHaveProperty('sourceIpAddress');
  });

  it('tells of shares, groups, exports, moves, attachments, comments and deletions', async () => {
    const other = await practiceSheet(sandbox);
    const position = await now();
    const about = { sheetId: sheet.id, by: 'ann@example.com' };
    await sandbox.control('POST', '/sandbox/shares', { ...about, user: 'ben@example.com', level: 'VIEWER' });
    await sandbox.control('POST', '/sandbox/groups', { name: 'Clerks', by: 'ann@example.com' });
    await sandbox.control('POST', '/sandbox/attachments', { ...about, name: 'a.txt', text: 'a' });
    await sandbox.control('POST', '/sandbox/comments', { ...about, text: 'Look' });
    await sandbox.control('POST', '/sandbox/rows/move', { ...about, rowIds: [sheet.rowIds[0]], toSheetId: other.id });
    await sandbox.control('POST', '/sandbox/activity', { ...about, objectType: 'SHEET', action: 'EXPORT' });
    await sandbox.api('GET', `/sheets/${sheet.id}`);
    await sandbox.api('DELETE', `/sheets/${sheet.id}`);
    expect(words(await after(position))).toEqual([
      'USER LOGIN',
      'SHEET ADD_SHARE',
      'GROUP CREATE',
      'ATTACHMENT CREATE',
      'DISCUSSION CREATE',
      'DISCUSSION UPDATE',
      'SHEET UPDATE',
      'SHEET MOVE_ROW',
      'SHEET EXPORT',
      'SHEET LOAD',
      'SHEET DELETE',
    ]);
  });

  it('gives every event exactly once when it is read in pages, also those that come meanwhile', async () => {
    for (let index = 0; index < 7; index += 1) await sheet.edit(0, { Quantity: 100 + index });
    const whole = (await all()).length;
    const seen: ReportedEvent[] = [];
    let page = (await ask(`since=${since}&maxCount=3`)).body;
    for (;;) {
      expect(page.data.length).toBeLessThanOrEqual(3);
      seen.push(...page.data);
      if (!page.moreAvailable) break;
      page = (await ask(`streamPosition=${page.nextStreamPosition}&maxCount=3`)).body;
    }
    expect(seen).toEqual(await all());
    expect(seen).toHaveLength(whole);
    await sheet.edit(0, { Quantity: 5 });
    expect(words(await after(page.nextStreamPosition))).toEqual(['SHEET UPDATE']);
  });

  it('counts times in numbers when asked, and since and to in whole hours', async () => {
    const numeric = await ask(`since=${Date.parse(since)}&numericDates=true`);
    expect(numeric.body.data[0]?.eventTimestamp).toEqual(expect.any(Number));
    const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString();
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    await sandbox.control('POST', '/sandbox/activity', {
      objectType: 'USER',
      action: 'LOGIN',
      by: 'early@example.com',
      at: ago(24),
    });
    const early = (await ask(`since=${ago(48)}&to=${ago(20)}`)).body.data;
    expect(early.map(({ additionalDetails }) => additionalDetails['emailAddress'])).toEqual(['early@example.com']);
    expect((await ask(`since=${hour}&to=${hour}`)).body.data).toEqual([]);
  });

  it.each([
    ['neither since nor a position', ''],
    ['both', `since=2026-01-01T00:00:00Z&streamPosition=WzAsbnVsbF0`],
    ['to before since', 'since=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'],
    ['a maxCount of 0', 'since=2026-01-02T00:00:00Z&maxCount=0'],
    ['a position that it never gave', 'streamPosition=nonsense'],
  ])('refuses %s', async (_what, query) => {
    expect((await ask(query)).status).toBe(400);
  });

  it('is for system administrators of a plan that has it', async () => {
    await sandbox.control('POST', '/sandbox/users', { email: 'clerk@example.com' });
    const headers = { Authorization: 'Bearer practice-token-clerk@example.com' };
    const asClerk = await sandbox.api('GET', `/events?since=${since}`, undefined, headers);
    expect(asClerk).toMatchObject({ status: 403, body: { errorCode: 1004 } });
    await sandbox.control('POST', '/sandbox/plan', { eventReporting: false });
    expect(await ask(`since=${since}`)).toMatchObject({ status: 403, body: { errorCode: 1013 } });
  });

  it('filtered by sheets is for everybody, and names the sheets that one cannot see', async () => {
    const other = await practiceSheet(sandbox);
    await sandbox.control('POST', '/sandbox/users', { email: 'clerk@example.com' });
    await sandbox.control('POST', `/sandbox/sheets/${other.id}/access`, { user: 'clerk@example.com', level: 'NONE' });
    await sheet.edit(0, { Quantity: 3 });
    const headers = { Authorization: 'Bearer practice-token-clerk@example.com' };
    const body = { sheetIds: [sheet.id, other.id], since };
    const answer = await sandbox.api<Page>('POST', '/filteredEvents', body, headers);
    expect(answer.body).toMatchObject({ unavailableSheetIds: [other.id], unavailableWorkspaceIds: [] });
    expect(words(answer.body.data)).toEqual(['SHEET CREATE', 'SHEET UPDATE', 'SHEET UPDATE']);
    expect(answer.body.data.every(({ objectId }) => objectId === sheet.id)).toBe(true);
  });
});

describe('a region', () => {
  it.each([
    ['eu', 'https://app.smartsheet.eu/sheets/'],
    ['au', 'https://app.smartsheet.au/sheets/'],
    ['gov', 'https://app.smartsheetgov.com/sheets/'],
  ])('%s has its own links', async (region, begin) => {
    await sandbox.control('POST', '/sandbox/plan', { region });
    const { permalink } = (await sandbox.api<{ permalink: string }>('GET', `/sheets/${sheet.id}`)).body;
    expect(permalink.startsWith(begin)).toBe(true);
  });

  it('of the US government takes no event filter, and not every kind of link', async () => {
    const receiver = await startReceiver();
    await sandbox.control('POST', '/sandbox/plan', { region: 'gov' });
    const hook = await enabledHook(sandbox, sheet, receiver);
    const body = { name: 'f', callbackUrl: receiver.url, scope: 'sheet', scopeObjectId: sheet.id, version: 1 };
    const filtered = (path: string, method: string) =>
      sandbox.api(method, path, { ...(method === 'POST' ? body : {}), events: ['row.created'] });
    expect((await filtered('/webhooks', 'POST')).status).toBe(400);
    expect((await filtered(`/webhooks/${hook.id}`, 'PUT')).status).toBe(400);
    const attach = (attachmentType: string) =>
      sandbox.api('POST', `/sheets/${sheet.id}/attachments`, { name: 'x', url: 'https://example.com', attachmentType });
    expect((await attach('DROPBOX')).status).toBe(400);
    expect((await attach('ONEDRIVE')).status).toBe(200);
    await receiver.close();
  });
});

it.each([
  ['automation', 3940654876256132],
  ['form', 7881304550205316],
  ['cell-link', 3377704922834820],
  ['published-to-anyone', 5629504736520068],
  ['published-to-organisation', 5066554783098756],
  ['notification', 6192454689941380],
  ['trello-import', 2814754969413508],
  ['skype', 1688855062570884],
])('can let the system actor %s change a cell, which webhooks and histories then name', async (actor, userId) => {
  const receiver = await startReceiver();
  await enabledHook(sandbox, sheet, receiver);
  await sandbox.control('POST', '/sandbox/edit', {
    sheetId: sheet.id,
    rowId: sheet.rowIds[0],
    cells: { Note: `by ${actor}` },
    actor,
  });
  await sandbox.control('POST', '/sandbox/settle');
  expect(receiver.callbacks()[0]?.json['events']).toMatchObject([{ objectType: 'cell', userId }]);
  await receiver.close();
});
