import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startReceiver } from '../support/receiver';
import { buildSandbox, startSandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet } from './office';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'billing-audit-sandbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = buildSandbox();
const run = (...flags: string[]) => spawnSync(process.execPath, [program, ...flags], { encoding: 'utf8' });

describe('the state on disk', () => {
  it('brings back sheets, histories, people, webhooks and what was not delivered', async () => {
    const receiver = await startReceiver();
    const first = await startSandboxProcess('--state', folder, '--debounce', '60');
    const sheet = await practiceSheet(first);
    const hook = await enabledHook(first, sheet, receiver);
    await sheet.edit(0, { Quantity: 12 }, 'clerk@example.com');
    const history = `/sheets/${sheet.id}/rows/${sheet.rowIds[0]}/columns/${sheet.columns['Quantity']}/history`;
    const before = [await first.api('GET', `/sheets/${sheet.id}/version`), await first.api('GET', history)];
    expect(receiver.callbacks()).toHaveLength(0);
    expect(await first.stop()).toBe(0);

    const second = await startSandboxProcess('--state', folder, '--debounce', '60');
    expect([await second.api('GET', `/sheets/${sheet.id}/version`), await second.api('GET', history)]).toEqual(before);
    expect((await second.api('GET', `/webhooks/${hook.id}`)).body).toMatchObject({
      status: 'ENABLED',
      sharedSecret: hook.sharedSecret,
    });
    await second.control('POST', '/sandbox/settle');
    expect(receiver.callbacks().map(({ json }) => json['webhookId'])).toEqual([hook.id]);
    const another = await practiceSheet(second);
    expect(another.id).not.toBe(sheet.id);
    await second.stop();
    await receiver.close();
  });

  it('brings back groups, shares, containers, what hangs on sheets, the plan, the bin and the reports', async () => {
    const first = await startSandboxProcess('--state', folder, '--event-reporting');
    const sheet = await practiceSheet(first);
    const binned = await practiceSheet(first);
    const about = { sheetId: sheet.id, rowId: sheet.rowIds[0] };
    const workspace = await first.control<{ id: number }>('POST', '/sandbox/workspaces', { name: 'Billing' });
    const group = await first.control<{ id: number }>('POST', '/sandbox/groups', {
      name: 'Clerks',
      members: ['clerk@example.com'],
    });
    await first.control('POST', '/sandbox/shares', { sheetId: sheet.id, groupId: group.id, level: 'EDITOR' });
    await first.control('POST', '/sandbox/shares', { workspaceId: workspace.id, groupId: group.id, level: 'VIEWER' });
    await first.control('POST', '/sandbox/attachments', { ...about, name: 'a.txt', text: 'kept' });
    await first.control('POST', '/sandbox/comments', { ...about, text: 'Why?' });
    await first.control('POST', `/sandbox/sheets/${sheet.id}/grid`, { tooLarge: true });
    await first.control('POST', '/sandbox/plan', { region: 'eu', sharing: 'shares', rowMoves: 'moved' });
    await first.control('DELETE', `/sandbox/sheets/${binned.id}`);
    const seen = async (from: typeof first) => {
      const state = await from.control<Record<string, unknown>>('GET', '/sandbox/state');
      const attachments = await from.api<{ data: { id: number }[] }>('GET', `/sheets/${sheet.id}/attachments`);
      const file = `/sheets/${sheet.id}/attachments/${attachments.body.data[0]?.id}`;
      const { url } = (await from.api<{ url: string }>('GET', file)).body;
      return {
        plan: state['plan'],
        groups: state['groups'],
        shares: state['shares'],
        containers: state['containers'],
        discussions: (await from.api('GET', `/sheets/${sheet.id}/discussions?include=comments`)).body,
        attachments: attachments.body,
        file: await (await fetch(url)).text(),
        shared: (await from.api('GET', `/shares?assetType=sheet&assetId=${sheet.id}`)).body,
        sheets: state['sheets'],
      };
    };
    const before = await seen(first);
    const events = await first.control<{ events: unknown[] }>('GET', '/sandbox/activity');
    expect(await first.stop()).toBe(0);

    const second = await startSandboxProcess('--state', folder);
    expect(await second.control('GET', '/sandbox/activity')).toEqual(events);
    expect(events.events.length).toBeGreaterThan(5);
    expect(await seen(second)).toEqual(before);
    expect(before).toMatchObject({ file: 'kept', plan: { region: 'eu', sharing: 'shares', eventReporting: true } });
    expect(await second.control('POST', `/sandbox/sheets/${binned.id}/restore`)).toMatchObject({ id: binned.id });
    await second.stop();
  });

  it('keeps a webhook that was lost by hand lost, whatever happens to rights', async () => {
    const receiver = await startReceiver();
    const first = await startSandboxProcess('--state', folder);
    const sheet = await practiceSheet(first);
    const hook = await enabledHook(first, sheet, receiver);
    const status = 'DISABLED_SCOPE_INACCESSIBLE';
    await first.control('POST', `/sandbox/webhooks/${hook.id}/disable`, { status });
    await first.control('POST', '/sandbox/settle');
    await first.stop();
    const second = await startSandboxProcess('--state', folder);
    await second.control('POST', '/sandbox/shares', { sheetId: sheet.id, user: 'ann@example.com', level: 'VIEWER' });
    expect((await second.api('GET', `/webhooks/${hook.id}`)).body).toMatchObject({ status });
    await second.control('POST', `/sandbox/webhooks/${hook.id}/restore`);
    expect((await second.api('GET', `/webhooks/${hook.id}`)).body).toMatchObject({ status: 'ENABLED' });
    await second.stop();
    await receiver.close();
  });

  it('that is damaged is refused with its file, and left as it is', async () => {
    const sandbox = await startSandboxProcess('--state', folder);
    await practiceSheet(sandbox);
    await sandbox.stop();
    const file = join(folder, 'sandbox.json');
    const cut = readFileSync(file, 'utf8').slice(0, -20);
    writeFileSync(file, cut);
    const { status, stderr } = run('--port', '0', '--state', folder);
    expect(status).toBe(3);
    expect(stderr).toContain(file);
    expect(stderr).toContain('cut off or altered');
    expect(readFileSync(file, 'utf8')).toBe(cut);
  });
});

describe('the command line', () => {
  it.each([
    [['--port', 'many'], 'whole number'],
    [['--debounce', '61'], 'from 0 to 60'],
    [['--rate', '-1'], 'from 0'],
    [['--time-zone', 'Nowhere/Town'], 'Europe/London'],
    [['--event-mix', 'loud'], 'plain, full'],
    [['--nonsense'], 'unknown option'],
  ])('%j is misuse, says why and exits with 2', (flags, words) => {
    const { status, stderr } = run(...flags);
    expect(status).toBe(2);
    expect(stderr).toContain(words);
  });

  it('exits with 3 when a file cannot be read, or is not what it must be', () => {
    const missing = run('--port', '0', '--replay', join(folder, 'nothing.csv'));
    expect([missing.status, missing.stderr]).toEqual([3, expect.stringContaining('nothing.csv cannot be used')]);
    const file = join(folder, 'wrong.csv');
    writeFileSync(file, 'a,b\n1,2\n');
    const wrong = run('--port', '0', '--replay', file);
    expect([wrong.status, wrong.stderr]).toEqual([3, expect.stringContaining('no column InvoiceNo')]);
  });

  it('exits with 3 when its port is taken', async () => {
    const sandbox = await startSandboxProcess();
    const { status, stderr } = run('--port', new URL(sandbox.url).port);
    expect([status, stderr]).toEqual([3, expect.stringContaining('cannot listen')]);
    await sandbox.stop();
  });

  it('tells its options with --help', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const flag of ['--replay', '--lockstep', '--state', '--no-rate-limits']) expect(stdout).toContain(flag);
  });

  it('makes a sheet of a CSV file', async () => {
    const file = join(folder, 'crews.csv');
    writeFileSync(file, 'Crew,Start,Size\nNorth,2026-01-05,4\nSouth,,3\n');
    const sandbox = await startSandboxProcess('--load', file);
    const { sheets } = await sandbox.control<{ sheets: { id: number; name: string; rows: number }[] }>(
      'GET',
      '/sandbox/state',
    );
    expect(sheets).toMatchObject([{ name: 'crews', rows: 2 }]);
    const { body } = await sandbox.api('GET', `/sheets/${sheets[0]?.id}`);
    expect(body).toMatchObject({
      columns: [{ type: 'TEXT_NUMBER' }, { type: 'DATE' }, {}],
      rows: [{ cells: [{}, {}, { value: 4 }] }, {}],
    });
    await sandbox.stop();
  });
});

describe('the control interface', () => {
  it('answers bad input with what is wrong and what to do', async () => {
    const sandbox = await startSandboxProcess();
    const sheet = await practiceSheet(sandbox);
    const ask = async (method: string, path: string, body: string) => {
      const response = await fetch(sandbox.url + path, { method, body });
      return [response.status, await response.json()];
    };
    const refusal = (words: string) => ({ error: expect.stringContaining(words), hint: expect.any(String) });
    const edit = (rest: object) => JSON.stringify({ sheetId: sheet.id, rowId: sheet.rowIds[0], ...rest });
    expect(await ask('POST', '/sandbox/edit', '{')).toEqual([400, refusal('not JSON')]);
    expect(await ask('POST', '/sandbox/edit', '{}')).toEqual([400, refusal('sheetId')]);
    expect(await ask('POST', '/sandbox/edit', edit({}))).toEqual([400, refusal('names no cell')]);
    expect(await ask('POST', '/sandbox/edit', edit({ column: 'Nope', value: 1 }))).toEqual([404, refusal('"Nope"')]);
    expect(await ask('POST', '/sandbox/edit', edit({ column: 'Note', value: 1, by: 'me' }))).toEqual([
      400,
      refusal('by'),
    ]);
    expect(await ask('POST', '/sandbox/edit', edit({ column: 'Note', value: 1, at: '2999-01-01T00:00:00Z' }))).toEqual([
      400,
      refusal('later'),
    ]);
    expect(await ask('POST', '/sandbox/faults', '{"dropnext":1}')).toEqual([400, refusal('dropnext')]);
    expect(await ask('POST', '/sandbox/load', '')).toEqual([400, refusal('heading')]);
    expect(await ask('POST', '/sandbox/replay/start', '')).toEqual([404, refusal('no replay')]);
    expect(await ask('PUT', '/sandbox/edit', '{}')).toEqual([405, refusal('not there')]);
    await sandbox.stop();
  });

  it('edits as somebody at a time that has passed', async () => {
    const sandbox = await startSandboxProcess();
    const sheet = await practiceSheet(sandbox);
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 3_600 });
    const at = new Date(Date.now() + 1_800_000).toISOString();
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet.id,
      rowId: sheet.rowIds[0],
      column: 'Quantity',
      value: 12,
      by: 'anna@example.com',
      at,
    });
    const path = `/sheets/${sheet.id}/rows/${sheet.rowIds[0]}/columns/${sheet.columns['Quantity']}/history`;
    expect((await sandbox.api('GET', path)).body).toMatchObject({
      data: [
        { value: 12, modifiedAt: `${at.slice(0, 19)}Z`, modifiedBy: { email: 'anna@example.com' } },
        { value: 10 },
      ],
    });
    await sandbox.stop();
  });
});

describe('the pages', () => {
  it('show sheets, rows and histories, and escape what people wrote', async () => {
    const sandbox = await startSandboxProcess();
    const page = async (path: string) => {
      const response = await fetch(sandbox.url + path);
      return { status: response.status, text: await response.text() };
    };
    expect((await page('/')).text).toContain('There is no sheet yet');
    const sheet = await practiceSheet(sandbox);
    await sheet.edit(0, { Note: '<script>alert("x")</script>' });
    await sheet.edit(0, { Note: 'second' }, 'chief@example.com');
    const row = await page(`/sheets/${sheet.id}/rows/${sheet.rowIds[0]}`);
    expect(row.text).toContain('&#60;script&#62;alert(&#34;x&#34;)');
    expect(row.text).not.toContain('<script');
    expect(row.text).toContain('chief@example.com');
    expect((await page(`/sheets/${sheet.id}?rowId=${sheet.rowIds[1]}`)).text).toContain('class="chosen"');
    expect((await page('/')).text).toContain('this is not Smartsheet');
    for (const path of ['/sheets/5', `/sheets/${sheet.id}?rowId=5`, `/sheets/${sheet.id}/rows/5`, '/nonsense']) {
      expect(await page(path)).toMatchObject({ status: 404, text: expect.stringContaining('Not here') });
    }
    await sandbox.stop();
  });

  it('turn after a hundred rows', async () => {
    const sandbox = await startSandboxProcess();
    const sheet = await practiceSheet(sandbox);
    const rows = Array.from({ length: 250 }, (_, index) => ({ 'Work Request #': `WR-${index + 3}` }));
    await sandbox.control('POST', '/sandbox/rows', { sheetId: sheet.id, rows });
    const text = await (await fetch(`${sandbox.url}/sheets/${sheet.id}?page=3`)).text();
    expect(text).toContain('Page 3 of 3');
    expect(text.match(/<tr id="row-/g)).toHaveLength(52);
    await sandbox.stop();
  });
});
