import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet, readHook, type PracticeSheet } from './office';

interface Share {
  readonly id: string;
  readonly type: 'USER' | 'GROUP';
  readonly email?: string;
  readonly groupId?: number;
  readonly accessLevel: string;
  readonly scope: string;
}
interface ShareList {
  readonly items: readonly Share[];
  readonly lastKey?: string;
}

let sandbox: SandboxProcess;
let sheet: PracticeSheet;
let query: string;

beforeEach(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  sheet = await practiceSheet(sandbox);
  query = `?assetType=sheet&assetId=${sheet.id}`;
  await sandbox.control('POST', '/sandbox/users', { email: 'clerk@example.com' });
  await sandbox.control('POST', '/sandbox/plan', { sharing: 'shares' });
});
afterEach(() => sandbox.stop());

const asClerk = { Authorization: 'Bearer practice-token-clerk@example.com' };
const share = (...wanted: object[]) => sandbox.api<{ result: Share[] }>('POST', `/shares${query}`, wanted);
const list = async (rest = '') => (await sandbox.api<ShareList>('GET', `/shares${query}${rest}`)).body;
const clerkReads = async () => (await sandbox.api('GET', `/sheets/${sheet.id}`, undefined, asClerk)).status;
const clerkWrites = () =>
  sandbox.api(
    'PUT',
    `/sheets/${sheet.id}/rows`,
    [{ id: sheet.rowIds[0], cells: [{ columnId: sheet.columns['Note'], value: 'x' }] }],
    asClerk,
  );

async function newGroup(...members: string[]): Promise<number> {
  const made = await sandbox.api<{ result: { id: number } }>('POST', '/groups', {
    name: `Group of ${members.join(' and ')}`,
    members: members.map((email) => ({ email })),
  });
  return made.body.result.id;
}

async function newWorkspace(): Promise<number> {
  return (await sandbox.api<{ result: { id: number } }>('POST', '/workspaces', { name: 'Billing' })).body.result.id;
}

describe('a share', () => {
  it('gives one person exactly its level, and takes it away when it is deleted', async () => {
    expect(await clerkReads()).toBe(404);
    const { body } = await share({ email: 'clerk@example.com', accessLevel: 'VIEWER' });
    expect(await clerkReads()).toBe(200);
    expect(await clerkWrites()).toMatchObject({ status: 403, body: { errorCode: 1004 } });
    const path = `/shares/${body.result[0]?.id}${query}`;
    await sandbox.api('PATCH', path, { accessLevel: 'EDITOR' });
    expect((await clerkWrites()).status).toBe(200);
    expect((await sandbox.api('GET', path)).body).toMatchObject({ accessLevel: 'EDITOR', email: 'clerk@example.com' });
    await sandbox.api('DELETE', path);
    expect(await clerkReads()).toBe(404);
  });

  it('of a group is for its members, as long as they are', async () => {
    const groupId = await newGroup('clerk@example.com');
    await share({ groupId, accessLevel: 'EDITOR' });
    expect((await clerkWrites()).status).toBe(200);
    const { members } = (await sandbox.api<{ members: { id: number }[] }>('GET', `/groups/${groupId}`)).body;
    await sandbox.api('DELETE', `/groups/${groupId}/members/${members[0]?.id}`);
    expect(await clerkReads()).toBe(404);
  });

  it('adds up with that of the workspace, and the higher one wins', async () => {
    const workspaceId = await newWorkspace();
    const move = { destinationType: 'workspace', destinationId: workspaceId };
    expect((await sandbox.api('POST', `/sheets/${sheet.id}/move`, move)).status).toBe(200);
    await share({ email: 'clerk@example.com', accessLevel: 'VIEWER' });
    await sandbox.api('POST', `/shares?assetType=workspace&assetId=${workspaceId}`, [
      { email: 'clerk@example.com', accessLevel: 'ADMIN' },
    ]);
    expect((await clerkWrites()).status).toBe(200);
    const both = (await list('&sharingInclude=ITEM,WORKSPACE')).items;
    expect(both.map(({ accessLevel, scope }) => [accessLevel, scope])).toEqual([
      ['OWNER', 'ITEM'],
      ['VIEWER', 'ITEM'],
      ['ADMIN', 'WORKSPACE'],
    ]);
    expect((await list()).items).toHaveLength(2);
  });

  it('is listed by pages of a hundred with lastKey, each once', async () => {
    const people = Array.from({ length: 150 }, (_, index) => ({
      email: `person-${index}@example.com`,
      accessLevel: 'VIEWER',
    }));
    await share(...people);
    const first = await list();
    expect(first.items).toHaveLength(100);
    const second = await list(`&lastKey=${first.lastKey}`);
    expect(second.lastKey).toBeUndefined();
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(new Set(ids).size).toBe(151);
    expect(await sandbox.api('GET', `/shares${query}&maxItems=10`)).toMatchObject({ status: 400 });
    expect(await sandbox.api('GET', `/shares${query}&lastKey=nonsense`)).toMatchObject({ status: 400 });
  });

  it('refuses as Smartsheet does', async () => {
    const { body } = await share({ email: 'clerk@example.com', accessLevel: 'EDITOR_SHARE' });
    const owner = (await list()).items.find(({ accessLevel }) => accessLevel === 'OWNER');
    const refusal = async (asked: Promise<{ status: number; body: unknown }>) => {
      const answer = await asked;
      return [answer.status, (answer.body as { errorCode: number }).errorCode];
    };
    expect(await refusal(share({ email: 'clerk@example.com', accessLevel: 'VIEWER' }))).toEqual([400, 1025]);
    expect(await refusal(sandbox.api('GET', `/shares/SNOBODY${query}`))).toEqual([404, 1027]);
    expect(await refusal(sandbox.api('DELETE', `/shares/${owner?.id}${query}`))).toEqual([400, 1028]);
    expect(await refusal(sandbox.api('DELETE', `/shares/${body.result[0]?.id}${query}`, undefined, asClerk))).toEqual([
      400, 1040,
    ]);
    const asAdmin = [{ email: 'other@example.com', accessLevel: 'ADMIN' }];
    expect(await refusal(sandbox.api('POST', `/shares${query}`, asAdmin, asClerk))).toEqual([403, 1004]);
    expect(await refusal(sandbox.api('GET', '/shares?assetType=sheet'))).toEqual([400, 1012]);
    expect(await refusal(sandbox.api('GET', '/shares?assetType=sheet&assetId=5'))).toEqual([404, 1006]);
  });

  it.each([
    ['GET', (id: number) => `/sheets/${id}/shares`],
    ['PUT', (id: number) => `/sheets/${id}/shares/S1`],
    ['GET', (id: number) => `/workspaces/${id}/shares`],
    ['GET', (id: number) => `/workspaces/${id}`],
    ['GET', (id: number) => `/folders/${id}/folders`],
  ])('has no old form: %s is retired', async (method, path) => {
    expect(await sandbox.api(method, path(sheet.id))).toMatchObject({ status: 410, body: { errorCode: 4005 } });
  });
});

describe('a group', () => {
  it('takes a list with people who are in it already, but not one such person', async () => {
    const groupId = await newGroup('clerk@example.com');
    const add = (body: unknown) => sandbox.api<{ result: unknown }>('POST', `/groups/${groupId}/members`, body);
    expect(await add({ email: 'clerk@example.com' })).toMatchObject({ status: 400, body: { errorCode: 1129 } });
    const { body } = await add([{ email: 'clerk@example.com' }, { email: 'foreman@example.com' }]);
    expect(body.result).toEqual([expect.objectContaining({ email: 'foreman@example.com', name: 'Foreman' })]);
    expect((await sandbox.api('GET', '/groups')).body).toMatchObject({ totalCount: 1 });
  });

  it('is made by administrators only', async () => {
    const made = await sandbox.api('POST', '/groups', { name: 'Mine' }, asClerk);
    expect(made).toMatchObject({ status: 403, body: { errorCode: 1004 } });
  });
});

describe('a webhook of somebody with a share', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  it('is lost with the share, and comes back by itself when access returns', async () => {
    const groupId = await newGroup('clerk@example.com');
    await share({ groupId, accessLevel: 'VIEWER' });
    const made = await sandbox.api<{ result: { id: number } }>(
      'POST',
      '/webhooks',
      { name: 'c', callbackUrl: receiver.url, scope: 'sheet', scopeObjectId: sheet.id, events: ['*.*'], version: 1 },
      asClerk,
    );
    const path = `/webhooks/${made.body.result.id}`;
    const status = async () => (await sandbox.api<{ status: string }>('GET', path, undefined, asClerk)).body.status;
    await sandbox.api('PUT', path, { enabled: true }, asClerk);
    await sandbox.control('POST', `/sandbox/groups/${groupId}/members`, { remove: ['clerk@example.com'] });
    expect(await status()).toBe('DISABLED_SCOPE_INACCESSIBLE');
    await sandbox.control('POST', `/sandbox/groups/${groupId}/members`, { add: ['clerk@example.com'] });
    expect(await status()).toBe('ENABLED');
    await sandbox.control('POST', '/sandbox/settle');
    expect(receiver.callbacks().map(({ json }) => json['newWebhookStatus'])).toEqual([
      'DISABLED_SCOPE_INACCESSIBLE',
      'ENABLED',
    ]);
  });

  it('comes back when a deleted sheet is restored', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await sandbox.api('DELETE', `/sheets/${sheet.id}`);
    expect(await readHook(sandbox, hook)).toMatchObject({ status: 'DISABLED_SCOPE_INACCESSIBLE' });
    await sandbox.control('POST', `/sandbox/sheets/${sheet.id}/restore`);
    expect(await readHook(sandbox, hook)).toMatchObject({ status: 'ENABLED' });
  });

  it('is disabled while the sheet counts as too large, and may be enabled after', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    const grid = (tooLarge: boolean) => sandbox.control('POST', `/sandbox/sheets/${sheet.id}/grid`, { tooLarge });
    await grid(true);
    expect(await readHook(sandbox, hook)).toMatchObject({ enabled: false, status: 'DISABLED_EXCEEDED_GRID_LIMITS' });
    const enable = () => sandbox.api('PUT', `/webhooks/${hook.id}`, { enabled: true });
    expect((await enable()).status).toBe(403);
    await grid(false);
    expect(await readHook(sandbox, hook)).toMatchObject({ enabled: false });
    expect(await enable()).toMatchObject({ status: 200, body: { result: { status: 'ENABLED' } } });
    expect(receiver.callbacks()).toHaveLength(0);
  });
});
