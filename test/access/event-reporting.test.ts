import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Status } from '../../lib/define';
import { ReportReader } from '../../lib/runtime/access/report-reader';
import { matchOrigins } from '../../lib/runtime/access/match-origins';
import { thisMachine } from '../../lib/runtime/machine';
import { createClient, NO_LIMITER, SmartsheetAnswerUnknown } from '../../lib/smartsheet';
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { event } from '../store/examples';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';

const folder = newFolder();
const machine = thisMachine();
let driver: EmbeddedStoreDriver;
let store: Store;
let sandbox: SandboxProcess;
let sheet: PracticeSheet;

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  sandbox = await startSandboxProcess('--no-rate-limits', '--event-reporting');
  sheet = await practiceSheet(sandbox);
}, 120_000);
afterAll(async () => {
  await sandbox.stop();
  await driver.close();
  removeFolder(folder);
});

const clientAt = (base: string, token = 'practice-token') =>
  createClient({ ...machine, token, base, limiter: NO_LIMITER, mostTries: 1 });

/** Reads until `wanted` holds, then stops, as a server that ends. */
async function readUntil(
  wanted: (shown: readonly Status[], warned: readonly string[]) => Promise<boolean> | boolean,
  {
    base = `${sandbox.url}/2.0/`,
    reader = 'smartsheet:test',
    token = 'practice-token',
    from = store as Pick<Store, keyof Store>,
  } = {},
) {
  const shown: Status[] = [];
  const warned: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    error: () => undefined,
    warn: (text: string) => void warned.push(text),
  };
  const reading = new ReportReader({
    reader,
    client: clientAt(base, token),
    store: from,
    ...machine,
    log,
    pollSeconds: 0.05,
    show: (status) => void shown.push(status),
  });
  reading.start();
  try {
    await until(() => wanted(shown, warned), `the reader; it showed ${JSON.stringify(shown)}`, 20_000);
  } finally {
    await reading.stop();
  }
  return { shown, warned };
}
const ofSmartsheet = async () =>
  (await store.accessEvents({ after_seq: 0, limit: 1000 })).events.filter(({ source }) => source === 'smartsheet');
const words = async () =>
  (await ofSmartsheet()).map(({ details }) => `${String(details['object_type'])} ${String(details['action'])}`);
const note = (objectType: string, action: string, more: object = {}) =>
  sandbox.control('POST', '/sandbox/activity', {
    objectType,
    action,
    by: 'ann@example.com',
    sheetId: sheet.id,
    ...more,
  });

describe('Event Reporting of the sandbox', () => {
  it('becomes access events with address, person and what was done; saves and views do not', async () => {
    await sandbox.control('POST', '/sandbox/shares', {
      sheetId: sheet.id,
      user: 'ben@example.com',
      level: 'VIEWER',
      by: 'ann@example.com',
      ip: '203.0.113.7',
    });
    await note('SHEET', 'EXPORT', { ip: '203.0.113.7' });
    await note('SHEET', 'LOAD');
    await note('ACCESS_TOKEN', 'AUTHORIZE', { objectId: 'token-1' });
    await note('SHEET', 'DELETE');
    await readUntil(async () => (await words()).includes('SHEET DELETE'));
    expect(await words()).toEqual(
      expect.arrayContaining([
        'USER LOGIN',
        'SHEET ADD_SHARE',
        'SHEET EXPORT',
        'ACCESS_TOKEN AUTHORIZE',
        'SHEET DELETE',
      ]),
    );
    expect(await words()).not.toContain('SHEET LOAD');
    expect(await words()).not.toContain('SHEET UPDATE');
    const found = (await ofSmartsheet()).find(({ kind }) => kind === 'exported');
    expect(found).toMatchObject({
      person: 'ann@example.com',
      ip_address: '203.0.113.7',
      user_agent: null,
      sheet_id: String(sheet.id),
      sheet_name: 'Practice week',
      details: { client: 'WEB_APP', object_type: 'SHEET', action: 'EXPORT' },
    });
    expect(await driver.rpc('billing_audit_verify', { stream: 'access' })).toMatchObject({ ok: true });
  });

  it('is gone on with after a restart: what happened meanwhile comes, and nothing comes twice', async () => {
    const before = await words();
    const position = (await store.accessReader('smartsheet:test'))?.position;
    expect(position).toEqual(expect.any(String));
    await note('SHEET', 'EXPORT');
    await readUntil(async () => (await words()).length > before.length);
    expect(await words()).toEqual([...before, 'SHEET EXPORT']);
    expect((await store.accessReader('smartsheet:test'))?.position).not.toBe(position);
  });

  it('that is read again from the beginning, by a new token, records nothing twice', async () => {
    const before = await words();
    await readUntil((shown) => shown.some(({ state }) => state === 'ok'), { reader: 'smartsheet:another' });
    expect(await words()).toEqual(before);
  });

  it('whose answer was recorded only by half is read again: the position moves with the events', async () => {
    const before = await words();
    let failing = true;
    const from = {
      ...store,
      recordAccess: (news: Parameters<Store['recordAccess']>[0]) =>
        failing && news.events.length > 0 ? Promise.reject(new Error('the store is away')) : store.recordAccess(news),
    };
    await note('SHEET', 'EXPORT');
    await readUntil((shown) => shown.some(({ state }) => state === 'error'), { from });
    expect(await words()).toEqual(before);
    failing = false;
    await readUntil(async () => (await words()).length > before.length, { from });
    expect(await words()).toEqual([...before, 'SHEET EXPORT']);
  });

  it('that is not in the plan is said plainly, on the node and for the dashboard, and is no error', async () => {
    await sandbox.control('POST', '/sandbox/plan', { eventReporting: false });
    const { shown, warned } = await readUntil((told) => told.length > 0);
    await sandbox.control('POST', '/sandbox/plan', { eventReporting: true });
    expect(shown).toEqual([{ state: 'off', text: 'this plan has no Event Reporting' }]);
    expect(warned).toHaveLength(1);
    const { readers } = await store.accessOverview({
      from: '2026-01-01T00:00:00.000Z',
      to: '2100-01-01T00:00:00.000Z',
    });
    expect(readers).toContainEqual(
      expect.objectContaining({
        reader: 'smartsheet:test',
        state: 'off',
        why: expect.stringContaining('no Event Reporting') as unknown,
      }),
    );
    expect((await store.accessReader('smartsheet:test'))?.position).toEqual(expect.any(String));
  });

  it('that is asked for by somebody who is no administrator says so', async () => {
    await sandbox.control('POST', '/sandbox/users', { email: 'clerk@example.com' });
    const { shown } = await readUntil((told) => told.length > 0, {
      token: 'practice-token-clerk@example.com',
      reader: 'smartsheet:clerk',
    });
    expect(shown).toEqual([{ state: 'off', text: 'Event Reporting needs a system administrator' }]);
  });

  it('whose position is not known any more is read from before the last look on', async () => {
    await store.recordAccess({ events: [], reader: { reader: 'smartsheet:test', position: 'nonsense' } });
    const before = await words();
    await note('SHEET', 'EXPORT');
    const { warned } = await readUntil(async () => (await words()).length > before.length);
    expect(warned.join()).toContain('did not take the position');
    expect(await words()).toEqual([...before, 'SHEET EXPORT']);
  });

  it('tells where a change came from, also when it is told after the change was recorded', async () => {
    const key = `${sheet.id}:1:1:1`;
    const at = new Date().toISOString();
    await store.append([event(key, { sheet_id: String(sheet.id), changed_by: 'clerk@example.com', changed_at: at })]);
    expect((await store.event(key))?.ip_address).toBeNull();
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet.id,
      rowId: sheet.rowIds[0],
      cells: { Note: 'x' },
      by: 'clerk@example.com',
      ip: '203.0.113.77',
    });
    await readUntil(async () => (await store.event(key))?.ip_address !== null);
    expect(await store.event(key)).toMatchObject({
      ip_address: '203.0.113.77',
      device_info: 'Smartsheet in a browser',
      user_agent: null,
      session_id: null,
    });
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet.id,
      rowId: sheet.rowIds[0],
      cells: { Note: 'y' },
      by: 'clerk@example.com',
      ip: '198.51.100.9',
    });
    await readUntil(async () => (await store.event(key))?.ip_address === null);
    const kinds = (await store.accessEvents({ after_seq: 0, limit: 1000 })).events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith('origin'))).toEqual(['origin_matched', 'origin_withdrawn']);
    const period = {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    expect(await matchOrigins(store, period)).toBe(0);
  });
});

describe('an answer of Smartsheet', () => {
  let server: Server;
  const answers: unknown[] = [];
  let base: string;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(answers.shift() ?? { data: [], nextStreamPosition: 'end' }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/2.0/`;
  });
  afterAll(() => void server.close());

  const raw = (eventId: string, eventTimestamp: string, given: object = {}) => ({
    eventId,
    objectType: 'SHEET',
    action: 'EXPORT',
    objectId: -1,
    objectIdStr: '77',
    eventTimestamp,
    userId: 5,
    requestUserId: 6,
    source: 'WEB_APP',
    additionalDetails: { emailAddress: 'late@example.com', sourceIpAddress: '203.0.113.1' },
    ...given,
  });

  it('may tell late, twice and out of order: each is recorded once, with its own time', async () => {
    const [one, two, three] = ['2026-01-05T10:00:00Z', '2026-01-05T09:00:00Z', '2026-01-05T11:00:00+0000'];
    answers.push(
      { moreAvailable: 'true', nextStreamPosition: 'p1', data: [raw('e1', one), raw('e2', two), raw('e1', one)] },
      { moreAvailable: false, nextStreamPosition: 'p2', data: [raw('e2', two), raw('e3', three)] },
    );
    await readUntil(async () => (await store.accessReader('smartsheet:late'))?.position === 'end', {
      base,
      reader: 'smartsheet:late',
    });
    const { events } = await store.accessEvents({ person: 'late@example.com', kinds: ['exported'] });
    expect(events.map(({ event_key, happened_at }) => [event_key, happened_at])).toEqual([
      ['access:exported:e3', '2026-01-05T11:00:00.000Z'],
      ['access:exported:e1', '2026-01-05T10:00:00.000Z'],
      ['access:exported:e2', '2026-01-05T09:00:00.000Z'],
    ]);
    expect(events[0]).toMatchObject({ sheet_id: '77', details: { user_id: '5', request_user_id: '6' } });
  });

  it('with events that make no sense gives the others, and names what it could not read', async () => {
    answers.push({
      moreAvailable: false,
      nextStreamPosition: 'p3',
      data: [
        null,
        'text',
        { eventId: 'no type' },
        raw('no time', 'yesterday'),
        raw('good', '2026-01-06T10:00:00Z', {
          eventTimestamp: undefined,
          eventTimeStamp: '2026-01-06T10:00:00Z',
          additionalDetails: { emailAddress: 'odd\u0000@example.com' },
        }),
      ],
    });
    const { warned } = await readUntil(async () => (await store.accessReader('smartsheet:odd'))?.position === 'end', {
      base,
      reader: 'smartsheet:odd',
    });
    expect(warned).toHaveLength(4);
    expect(warned.join('\n')).toMatch(/event no time: `eventTimestamp` it has no time/);
    const { events } = await store.accessEvents({ text: 'odd' });
    expect(events).toMatchObject([{ event_key: 'access:exported:good', person: 'odd\ufffd@example.com' }]);
  });

  it('that is nothing like what is documented is an error with what and why', async () => {
    answers.push({ data: 'none' });
    const reading = clientAt(base).events({ since: '2026-01-01T00:00:00.000Z' }, 10);
    await expect(reading).rejects.toThrow(SmartsheetAnswerUnknown);
    await expect(reading).rejects.toThrow(/read Event Reporting.*data/);
  });

  it('that promises more and stays where it is does not keep the reader at it for ever', async () => {
    await store.recordAccess({ events: [], reader: { reader: 'smartsheet:stuck', position: 'stuck' } });
    for (let count = 0; count < 3; count += 1)
      answers.push({ moreAvailable: true, nextStreamPosition: 'stuck', data: [] });
    const { shown } = await readUntil((told) => told.length >= 2, { base, reader: 'smartsheet:stuck' });
    expect(shown[0]).toEqual({ state: 'ok', text: 'Event Reporting is read' });
    answers.length = 0;
  });
});
