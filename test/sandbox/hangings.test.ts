import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet, type PracticeSheet } from './office';

let sandbox: SandboxProcess;
let receiver: Receiver;
let sheet: PracticeSheet;
let path: string;

beforeEach(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  receiver = await startReceiver();
  sheet = await practiceSheet(sandbox);
  path = `/sheets/${sheet.id}`;
  await enabledHook(sandbox, sheet, receiver);
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.close();
});

interface Told {
  readonly objectType: string;
  readonly eventType: string;
  readonly id: number;
  readonly rowId?: number;
}
async function told(): Promise<Told[]> {
  await sandbox.control('POST', '/sandbox/settle');
  return receiver.callbacks().flatMap(({ json }) => json['events'] as Told[]);
}
const version = async () => (await sandbox.api<{ version: number }>('GET', `${path}/version`)).body.version;

async function upload(to: string, name: string, bytes: string): Promise<{ id: number; sizeInKb: number }> {
  const answer = await fetch(`${sandbox.url}/2.0${to}`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer practice-token',
      'Content-Type': 'image/svg+xml',
      'Content-Disposition': `attachment; filename="${encodeURIComponent(name)}"`,
    },
    body: bytes,
  });
  return ((await answer.json()) as { result: { id: number; sizeInKb: number } }).result;
}

describe('an attachment', () => {
  it('keeps the bytes of a file, gives them at an address, and is told to webhooks without its row', async () => {
    const before = await version();
    const made = await upload(`${path}/rows/${sheet.rowIds[0]}/attachments`, 'Redline é.svg', '<svg/>');
    expect(await version()).toBe(before + 1);
    const { body } = await sandbox.api<{ url: string; name: string }>('GET', `${path}/attachments/${made.id}`);
    expect(body).toMatchObject({ name: 'Redline é.svg', parentType: 'ROW', parentId: sheet.rowIds[0] });
    const file = await fetch(body.url);
    expect(await file.text()).toBe('<svg/>');
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/);
    expect((await fetch(body.url.slice(0, -1))).status).toBe(404);
    expect(await told()).toEqual([
      expect.objectContaining({ objectType: 'attachment', eventType: 'created', id: made.id }),
    ]);
    expect((await told())[0]).not.toHaveProperty('rowId');
  });

  it('can be a file of a form, or a link, on the sheet', async () => {
    const form = new FormData();
    form.append('file', new Blob(['a\r\n--b\r\nc'], { type: 'text/plain' }), 'notes.txt');
    const answer = await fetch(`${sandbox.url}/2.0${path}/attachments`, {
      method: 'POST',
      headers: { Authorization: 'Bearer practice-token' },
      body: form,
    });
    const { id } = ((await answer.json()) as { result: { id: number } }).result;
    const { url } = (await sandbox.api<{ url: string }>('GET', `${path}/attachments/${id}`)).body;
    expect(await (await fetch(url)).text()).toBe('a\r\n--b\r\nc');
    const link = { name: 'Map', url: 'https://example.com/map', attachmentType: 'LINK' };
    expect((await sandbox.api('POST', `${path}/attachments`, link)).status).toBe(200);
    const { data } = (await sandbox.api<{ data: { name: string }[] }>('GET', `${path}/attachments`)).body;
    expect(data.map(({ name }) => name)).toEqual(['notes.txt', 'Map']);
    await sandbox.api('DELETE', `${path}/attachments/${id}`);
    expect((await sandbox.api('GET', `${path}/attachments/${id}`)).status).toBe(404);
    expect((await told()).map(({ eventType }) => eventType)).toEqual(['created', 'created', 'deleted']);
  });

  it('is read with the row or the sheet that it hangs on, when that is asked for', async () => {
    const ofRow = await upload(`${path}/rows/${sheet.rowIds[0]}/attachments`, 'row.txt', 'a');
    const ofSheet = await upload(`${path}/attachments`, 'sheet.txt', 'a');
    const ids = async (of: string) =>
      (await sandbox.api<{ attachments?: { id: number }[] }>('GET', of)).body.attachments?.map(({ id }) => id);
    expect(await ids(`${path}/rows/${sheet.rowIds[0]}?include=attachments`)).toEqual([ofRow.id]);
    expect(await ids(`${path}?include=attachments`)).toEqual([ofSheet.id]);
    expect(await ids(path)).toBeUndefined();
  });

  it('goes with its row', async () => {
    const made = await upload(`${path}/rows/${sheet.rowIds[0]}/attachments`, 'a.txt', 'a');
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[0]] });
    expect((await sandbox.api('GET', `${path}/attachments/${made.id}`)).status).toBe(404);
  });
});

describe('a discussion', () => {
  interface Discussion {
    readonly result: { readonly id: number; readonly comments: { readonly id: number }[] };
  }
  const begin = async (text: string) =>
    (await sandbox.api<Discussion>('POST', `${path}/rows/${sheet.rowIds[0]}/discussions`, { comment: { text } })).body
      .result;

  it('begins with a comment, takes more, and both are told', async () => {
    const { id, comments } = await begin('Why 12?');
    const added = await sandbox.api<{ result: { id: number } }>('POST', `${path}/discussions/${id}/comments`, {
      text: 'Approved by Ann.',
    });
    const comment = added.body.result.id;
    expect((await sandbox.api('GET', `${path}/comments/${comment}`)).body).toMatchObject({
      text: 'Approved by Ann.',
      discussionId: id,
      parentType: 'ROW',
      parentId: sheet.rowIds[0],
      createdBy: { email: 'billing-audit@example.com' },
    });
    await sandbox.api('PUT', `${path}/comments/${comment}`, { text: 'Approved by Ben.' });
    expect((await sandbox.api('GET', `${path}/discussions/${id}`)).body).toMatchObject({
      commentCount: 2,
      comments: [{ text: 'Why 12?' }, { text: 'Approved by Ben.' }],
    });
    expect((await told()).map((each) => [each.objectType, each.eventType, each.id])).toEqual([
      ['discussion', 'created', id],
      ['comment', 'created', comments[0]?.id],
      ['comment', 'created', comment],
      ['comment', 'updated', comment],
    ]);
  });

  it('ends with its last comment, and takes attachments of comments with it', async () => {
    const { id, comments } = await begin('See the picture.');
    const picture = await upload(`${path}/comments/${comments[0]?.id}/attachments`, 'p.png', 'png');
    await sandbox.api('DELETE', `${path}/comments/${comments[0]?.id}`);
    expect((await sandbox.api('GET', `${path}/discussions/${id}`)).status).toBe(404);
    expect((await sandbox.api('GET', `${path}/attachments/${picture.id}`)).status).toBe(404);
  });

  it('may be begun by a commenter but not by a viewer, and a comment changed by its author only', async () => {
    const headers = { Authorization: 'Bearer practice-token-clerk@example.com' };
    await sandbox.control('POST', '/sandbox/users', { email: 'clerk@example.com' });
    const level = (to: string) =>
      sandbox.control('POST', `/sandbox/sheets/${sheet.id}/access`, { user: 'clerk@example.com', level: to });
    const begins = () => sandbox.api('POST', `${path}/discussions`, { comment: { text: 'Hello' } }, headers);
    await level('VIEWER');
    expect((await begins()).status).toBe(403);
    await level('COMMENTER');
    expect((await begins()).status).toBe(200);
    const { comments } = await begin('Mine');
    const changed = await sandbox.api('PUT', `${path}/comments/${comments[0]?.id}`, { text: 'Yours' }, headers);
    expect(changed).toMatchObject({ status: 403, body: { errorCode: 1004 } });
  });
});

it('shows attachments, comments and shares on its pages, and nothing of them as markup', async () => {
  const row = { sheetId: sheet.id, rowId: sheet.rowIds[0] };
  await sandbox.control('POST', '/sandbox/comments', { ...row, text: 'Is <b>this</b> right?', by: 'ann@example.com' });
  await sandbox.control('POST', '/sandbox/attachments', { ...row, name: 'ticket.txt', text: 'T-1' });
  await sandbox.control('POST', '/sandbox/attachments', { ...row, name: 'bad', url: 'javascript:alert(1)' });
  await sandbox.control('POST', '/sandbox/shares', { sheetId: sheet.id, user: 'ann@example.com', level: 'VIEWER' });
  const rowPage = await (await fetch(`${sandbox.url}/sheets/${sheet.id}/rows/${sheet.rowIds[0]}`)).text();
  expect(rowPage).toContain('Is &#60;b&#62;this&#60;/b&#62; right?');
  expect(rowPage).toContain('>ticket.txt</a>');
  expect(rowPage).not.toContain('javascript:');
  const sheetPage = await (await fetch(`${sandbox.url}/sheets/${sheet.id}`)).text();
  expect(sheetPage).toMatch(/Shared with[\s\S]*ann@example\.com[\s\S]*viewer/);
});
