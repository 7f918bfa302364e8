import { createHmac } from 'node:crypto';
import { defaultSettings } from '../../lib/settings';
import { smartsheetTrigger } from '../../nodes/smartsheet-trigger';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { openWatchtower, type Watchtower } from './watchtower';

let sandbox: SandboxProcess;
let tower: Watchtower;
let sheet: PracticeSheet;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  tower = await openWatchtower();
  sheet = await practiceSheet(sandbox);
}, 120_000);

afterAll(async () => {
  await tower.close();
  await sandbox.stop();
}, 120_000);

async function firstError(): Promise<string> {
  return until(() => tower.log.lines.find((line) => line.startsWith('error')), 'an error in the log');
}

beforeEach(() => {
  tower.log.lines.length = 0;
  tower.statuses.length = 0;
});

it('shows that a token is refused, says which variable to look at, is down, and goes on when it is put right', async () => {
  const stop = await tower.watch(sandbox, [sheet.id], { token: 'wrong' });
  await tower.shows('^the token is refused$');
  expect(await firstError()).toContain('SMARTSHEET_ACCESS_TOKEN');
  expect((await tower.runtime.health()).status).toBe('down');
  await stop();
  const again = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
  expect((await tower.runtime.health()).status).toBe('ok');
  await again();
});

it('names the sheet that is not found and says what to do, while other sheets go on', async () => {
  const stop = await tower.watch(sandbox, [sheet.id, '1234567890']);
  await tower.shows(/^sheet not found \(1 of 2 sheets\)$/);
  const said = await firstError();
  expect(said).toContain('Sheet 1234567890 is not watched');
  expect(said).toContain('Check the sheet id');
  expect((await tower.runtime.health()).status).toBe('degraded');
  await sheet.edit(0, { Quantity: 12 });
  await until(() => tower.found.length === 1, 'the change of the other sheet');
  await stop();
});

it('ends a signed callback that nobody understands as a visible dead letter', async () => {
  const stop = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
  const [hook] = (await tower.store.webhooks()).filter(({ sheet_id }) => sheet_id === String(sheet.id));
  const body = `{"webhookId":${hook!.webhook_id},"surprise":true}`;
  const signature = createHmac('sha256', hook!.shared_secret).update(body).digest('hex');
  const answer = await fetch(`${tower.address}/webhook`, {
    method: 'POST',
    body,
    headers: { 'smartsheet-hmac-sha256': signature },
  });
  expect(answer.status).toBe(200);
  await until(async () => (await tower.store.counts()).callbacks_dead === 1, 'the dead letter', 40_000);
  const health = await tower.runtime.health();
  expect(health.status).toBe('degraded');
  expect(health.checks.find(({ name }) => name === 'callbacks')!.text).toContain('1 dead letters');
  await stop();
});

it('goes on by itself after Smartsheet was away, and loses nothing', async () => {
  const stop = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
  tower.found.length = 0;
  await sandbox.control('POST', '/sandbox/faults', { failNext: { status: 503, errorCode: 4001, count: 3 } });
  await sheet.edit(0, { Quantity: 50 });
  await until(() => tower.found.length === 1, 'the change', 40_000);
  expect(tower.found[0]).toMatchObject({ new_value: '50', changed_by: 'clerk@example.com' });
  await stop();
});

describe('the trigger itself', () => {
  const start = (sheets: readonly string[], credentials: Record<string, Record<string, string>>, publicUrl = '') =>
    smartsheetTrigger.start(
      { sheets, workspaces: '', columns: [], publicUrl, pollSeconds: 60, quick: true },
      { ...tower.runtime.portsFor({ settings: defaultSettings, credentials, log: tower.log }) },
      () => undefined,
      () => undefined,
    );
  const good = { smartsheet: { token: 'practice-token', base: '' } };

  it.each([
    ['no token', ['22'], {}, '', 'has no access token'],
    ['no sheet', [], good, '', 'names no sheet'],
    ['a sheet name instead of an id', ['Billing'], good, '', 'is no sheet id'],
    [
      'a public address that Smartsheet does not call',
      ['22'],
      good,
      'http://audit.example.com',
      'must begin with https://',
    ],
  ])('refuses %s and says what to do', async (_case, sheets, credentials, publicUrl, why) => {
    await expect(start(sheets, credentials as typeof good, publicUrl)).rejects.toMatchObject({
      code: 'bad_setting',
      message: expect.stringContaining(why),
      hint: expect.stringMatching(/\w{10}|[A-Z].*\./),
    });
  });
});
