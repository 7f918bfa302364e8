import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ask, formTokenIn, signedIn } from './sign-in/support/client';
import { freePort } from '../support/ports';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { layStoreOf } from '../support/store';
import { until } from '../support/until';

const CLI = resolve(__dirname, '../../dist/billing-audit/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'directory-'));
const HTML = { accept: 'text/html' };

let sandbox: SandboxProcess;
let server: ChildProcess;
let address: string;
let environment: Record<string, string | undefined>;
let output = '';
let admin: string;
let people: {
  readonly id: string;
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly number[];
};

jest.setTimeout(240_000);
const passwordOf = (name: string): string => new RegExp(`^ +${name} +(\\S+)$`, 'm').exec(output)?.[1] ?? '';
const get = (path: string, cookie = admin) => ask(`${address}${path}`, { cookie, headers: HTML });
const preview = async (): Promise<string> => (await get(`/directory/preview?sheet=${people.id}`)).body;
const hidden = (page: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';
const take = (page: string, given: Record<string, string> = {}) =>
  ask(`${address}/directory/take`, {
    cookie: admin,
    form: { form: formTokenIn(page), sheet: people.id, shown: hidden(page, 'shown'), ...given },
    headers: { origin: address },
  });
const edit = (row: number, cells: Record<string, unknown>) =>
  sandbox.api('PUT', `/sheets/${people.id}/rows`, [
    {
      id: people.rows[row],
      cells: Object.entries(cells).map(([title, value]) => ({ columnId: people.columns[title], value })),
    },
  ]);
const cli = (...flags: string[]) =>
  spawnSync(process.execPath, [CLI, 'import', ...flags], {
    cwd: folder,
    env: environment as NodeJS.ProcessEnv,
    encoding: 'utf8',
  });

interface Sheet {
  readonly id: string;
  readonly columns: readonly { readonly id: number; readonly title: string }[];
  readonly rows: readonly { readonly id: number }[];
}

beforeAll(async () => {
  sandbox = await startSandboxProcess();
  await sandbox.control('POST', '/sandbox/sheets', {
    name: 'Week 1',
    columns: ['Work Request #', 'Quantity'],
    rows: [],
  });
  await sandbox.control('POST', '/sandbox/sheets', {
    name: 'Who is who',
    columns: ['Email', 'Full name', 'Access level'],
    rows: [
      { Email: 'ann@example.com', 'Full name': 'Ann', 'Access level': 2 },
      { Email: 'bob@example.com', 'Full name': '<b>Bob</b>', 'Access level': 5 },
    ],
  });
  const { sheets } = await sandbox.control<{ sheets: { id: number; name: string }[] }>('GET', '/sandbox/state');
  const [watched, found] = ['Week 1', 'Who is who'].map((name) =>
    String(sheets.find((sheet) => sheet.name === name)!.id),
  );
  const { body } = await sandbox.api<Sheet>('GET', `/sheets/${found}`);
  const columns = Object.fromEntries(body.columns.map(({ id, title }) => [title, id]));
  people = { id: found!, columns, rows: body.rows.map(({ id }) => id) };
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  environment = {
    ...process.env,
    PORT: String(port),
    BILLING_AUDIT_HOME: join(folder, 'home'),
    SMARTSHEET_ACCESS_TOKEN: 'practice-token',
    SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
    SMARTSHEET_SHEETS: watched,
    PUBLIC_URL: address,
    HOLIDAYS: 'none',
  };
  await layStoreOf(join(folder, 'home'));
  server = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env: environment as NodeJS.ProcessEnv });
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => void (output += String(text)));
  const isUp = async (): Promise<boolean> => (await ask(`${address}/health`)).body.includes('"watching;');
  await until(isUp, `the sheet to be watched; the server said so far: ${output}`, 200_000);
  admin = await signedIn(address, 'admin', passwordOf('admin'));
}, 240_000);
afterAll(async () => {
  if (server.exitCode === null) server.kill('SIGKILL');
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('is for admins alone, and says of an empty directory what that means', async () => {
  const viewer = await signedIn(address, 'viewer', passwordOf('viewer'));
  expect((await get('/directory', viewer)).status).toBe(403);
  const { status, body } = await get('/directory');
  expect([status, body]).toEqual([200, expect.stringContaining('Nobody is known yet')]);
  expect(body).toMatch(/<option value="\d+"[^>]*>\s*Who is who/);
});

it('shows what a sheet would change, takes nothing before that, and then just that', async () => {
  const page = await preview();
  expect(page).toContain('Take these 2 changes');
  expect(page).toContain('It has no column for role, supervisor, department, last review, active');
  expect(page).not.toContain('<b>Bob');
  expect((await get('/directory')).body).toContain('Nobody is known yet');
  expect((await take(page)).status).toBe(303);
  const { body } = await get('/directory');
  expect(body).toContain('2 added, 0 changed, 0 made inactive');
  expect(body).toContain('Taken last from the sheet');
  expect(await preview()).toContain('the directory says the same already');
});

it('takes nothing when the sheet was edited after it was shown, or the form is not from the page', async () => {
  await edit(0, { 'Access level': 1 });
  const page = await preview();
  expect(page).toContain('Take this change');
  await edit(0, { 'Access level': 10 });
  await take(page);
  const after = await preview();
  expect(after).toContain('has changed since this was shown');
  expect((await take(after, { form: 'forged' })).status).toBe(403);
  await until(() => output.includes('"reason":"form_refused"'), 'the report of the refused form');
  expect((await get('/directory')).body).not.toContain('10</td>');
  await take(after);
  expect((await get('/directory')).body).toContain('0 added, 1 changed, 0 made inactive');
});

it('says which column is wrong, and what was meant, and takes nothing', async () => {
  await sandbox.api('PUT', `/sheets/${people.id}/columns/${people.columns['Access level']}`, { title: 'Acces levl' });
  const { status, body } = await get(`/directory/preview?sheet=${people.id}`);
  expect(status).toBe(422);
  expect(body).toContain('there is no such column, but &quot;Acces levl&quot;');
  expect(body).not.toContain('action="/directory/take"');
  await sandbox.api('PUT', `/sheets/${people.id}/columns/${people.columns['Access level']}`, { title: 'Access level' });
});

it.each([
  ['123456789', 422],
  ['no such sheet', 422],
  ['', 422],
])('answers for the sheet %j with a sentence', async (sheet, wanted) => {
  const { status, body } = await get(`/directory/preview?sheet=${encodeURIComponent(sheet)}`);
  expect(status).toBe(wanted);
  expect(body).toContain('role="alert"');
});

it('makes inactive who left the sheet, and the command line does the same as the page', async () => {
  await sandbox.api('DELETE', `/sheets/${people.id}/rows?ids=${people.rows[1]}`);
  const told = cli('--people-sheet', 'Who is who', '--dry-run');
  expect([told.status, told.stderr]).toEqual([0, '']);
  expect(told.stdout).toContain('bob@example.com made inactive');
  expect((await get('/directory')).body).not.toContain('inactive</mark>');
  const done = cli('--people-sheet', people.id, '--json');
  expect([done.status, done.stderr]).toEqual([0, '']);
  expect(JSON.parse(done.stdout)).toMatchObject({
    saved: 1,
    changes: [{ email: 'bob@example.com', what: 'made inactive' }],
  });
  expect((await get('/directory')).body).toContain('inactive</mark>');
});

it('refuses on the command line what cannot be, with the code that says whose fault it is', () => {
  writeFileSync(join(folder, 'people.csv'), 'email\nann@example.com\n');
  expect(cli('--people', 'people.csv', '--people-sheet', people.id).status).toBe(2);
  // Ann has a level and a name by now: a file of addresses alone says nothing of them.
  const { stdout } = cli('--people', 'people.csv', '--dry-run');
  expect(stdout).toContain('There is no column for name, role, access level,');
  expect(stdout).toContain('0 would change. Nothing was saved.');
  expect(cli().status).toBe(2);
  const wrong = cli('--people-sheet', String(environment['SMARTSHEET_SHEETS']));
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('The sheet "Week 1" cannot be used')]);
  const unset = spawnSync(process.execPath, [CLI, 'import', '--people-sheet', people.id], {
    cwd: folder,
    env: { ...environment, SMARTSHEET_ACCESS_TOKEN: '' } as NodeJS.ProcessEnv,
    encoding: 'utf8',
  });
  expect([unset.status, unset.stderr]).toEqual([2, expect.stringContaining('SMARTSHEET_ACCESS_TOKEN')]);
});
