import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openPostOffice, type PostOffice } from '../../alert/post-office';
import { startSandboxProcess, type SandboxProcess } from '../../support/sandbox';
import { runCommand, type Ended } from './command';

interface Sheet {
  readonly id: number;
}

let sandbox: SandboxProcess;
let post: PostOffice;
let billing: Sheet;
let otherWords: Sheet;
let folder: string;

const BILLING = [
  'Work Request #',
  'Quantity',
  'Units Total Price',
  'Redlined Total Price',
  'Weekly Referenced Logged Date',
];

beforeAll(async () => {
  sandbox = await startSandboxProcess('--strict-callback-urls');
  post = await openPostOffice();
  const make = (name: string, columns: readonly string[]): Promise<Sheet> =>
    sandbox.control('POST', '/sandbox/sheets', { name, columns });
  billing = await make('Billing 2026', BILLING);
  otherWords = await make('Billing South', [
    'Work Request #',
    'Count of units',
    'Unit Totl Price',
    'Redlined Total Price',
    'Logged',
  ]);
});
afterAll(async () => {
  await post.close();
  await sandbox.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const envFile = (): string => join(folder, '.env');
const written = (): Record<string, string | undefined> => parseEnv(readFileSync(envFile(), 'utf8'));

interface Report {
  readonly written: boolean;
  readonly changed: readonly string[];
  readonly overruled: readonly string[];
  readonly backup: string | null;
  readonly columns: { readonly kind: string; readonly text?: string } | null;
  readonly refused?: { readonly step: string; readonly code: string; readonly message: string; readonly hint: string };
  readonly error?: { readonly code: string; readonly message: string };
  readonly steps: readonly { readonly step: string; readonly findings: readonly { readonly text: string }[] }[];
}

async function setUp(
  answers: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended & { readonly report: Report }> {
  const file = join(folder, 'answers.json');
  writeFileSync(file, JSON.stringify(answers));
  const ended = await runCommand(['setup', '--answers', file, '--json'], { cwd: folder, env });
  return { ...ended, report: JSON.parse(ended.output || '{}') as Report };
}

const complete = (): Record<string, unknown> => ({
  token: 'practice-token',
  apiBase: `${sandbox.url}/2.0`,
  sheets: [billing.id],
  smtpUrl: `smtp://127.0.0.1:${post.port}`,
  alertFrom: 'Billing Audit <audit@example.com>',
  alertTo: 'manager@example.com, auditor@example.com',
  publicUrl: '',
});
const without = (name: string): Record<string, unknown> => {
  const { [name]: _left, ...rest } = complete();
  return rest;
};
const saidBy = (report: Report, step: string): string =>
  report.steps
    .find((each) => each.step === step)
    ?.findings.map(({ text }) => text)
    .join('\n') ?? '';

describe('setup --answers', () => {
  it('checks everything for real, mails everybody named, and writes a .env that only its owner can read', async () => {
    const { code, report } = await setUp(complete());
    expect({ code, refused: report.refused }).toEqual({ code: 0, refused: undefined });
    expect(written()).toMatchObject({
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
      SMARTSHEET_SHEETS: String(billing.id),
      ALERT_TO: 'manager@example.com, auditor@example.com',
      ALERT_FROM: 'Billing Audit <audit@example.com>',
    });
    expect(statSync(envFile()).mode & 0o777).toBe(0o600);
    expect(saidBy(report, 'token')).toContain('billing-audit@example.com');
    expect(saidBy(report, 'token')).toContain('IP addresses will be unknown');
    expect(saidBy(report, 'address')).toContain('polling');
    expect(post.arrived.map(({ to }) => to.text).slice(-2)).toEqual(['manager@example.com', 'auditor@example.com']);
  });

  it('keeps comments, order and foreign lines when it is repeated, and leaves the file before beside it', async () => {
    const before =
      '# Our server\r\nPORT=1990 # the old one\r\n\r\nFOREIGN="kept as is"\r\nexport ALERT_TO=old@example.com\r\n';
    writeFileSync(envFile(), before);
    const { code, report } = await setUp(complete());
    expect(code).toBe(0);
    const text = readFileSync(envFile(), 'utf8');
    expect(text).toContain('# Our server\r\nPORT=1990 # the old one\r\n\r\nFOREIGN="kept as is"\r\nexport ALERT_TO=');
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(readFileSync(report.backup ?? '', 'utf8')).toBe(before);
    expect(written()).toMatchObject({ PORT: '1990', FOREIGN: 'kept as is' });

    const again = await setUp({ alertTo: 'one@example.com', sendTestMail: false });
    expect(again.report).toMatchObject({ written: true, changed: ['ALERT_TO'] });
    expect(written()).toMatchObject({ ALERT_TO: 'one@example.com', SMARTSHEET_ACCESS_TOKEN: 'practice-token' });
    const third = await setUp({ sendTestMail: false });
    expect(third.report).toMatchObject({ written: false, changed: [], backup: null });
  });

  it('says whose column names are missing, suggests the nearest, and puts them into the flow of a new home', async () => {
    const answers = { ...complete(), sheets: [otherWords.id], columns: { Quantity: 'Count of units' } };
    const { code, report } = await setUp(answers);
    expect(code).toBe(0);
    expect(report.columns?.kind).toBe('written');
    expect(saidBy(report, 'columns')).toContain('"Unit Totl Price" is read as "Units Total Price"');
    expect(saidBy(report, 'columns')).toContain('"Weekly Referenced Logged Date" is not in "Billing South"');
    const flow = readFileSync(join(folder, '.billing-audit/node-red/flows.json'), 'utf8');
    expect(flow).toContain('"columnAliases": "Count of units = Quantity, Unit Totl Price = Units Total Price"');
  });

  it('does not touch a flow that is not the shipped one, and says what to enter in the editor', async () => {
    const first = await setUp({ ...complete(), sheets: [otherWords.id] });
    expect(first.report.columns?.kind).toBe('written');
    const file = join(folder, '.billing-audit/node-red/flows.json');
    const own = readFileSync(file, 'utf8').replace('"Watch a sheet"', '"Ours"');
    writeFileSync(file, own);
    const { report } = await setUp({ columns: { Quantity: 'Count of units' }, sendTestMail: false });
    expect(report.columns).toMatchObject({
      kind: 'to-enter',
      text: expect.stringContaining('Count of units = Quantity'),
    });
    expect(readFileSync(file, 'utf8')).toBe(own);
  });

  it('says which variables of the environment win over what it wrote', async () => {
    const { report } = await setUp(complete(), { ALERT_TO: 'from-the-service@example.com' });
    expect(report.overruled).toEqual(['ALERT_TO']);
  });

  it('copies nothing out of the environment into the file', async () => {
    const { code } = await setUp(without('token'), {
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
    });
    expect(code).toBe(0);
    expect(written()['SMARTSHEET_ACCESS_TOKEN']).toBeUndefined();
  });
});

describe('setup --answers that cannot be', () => {
  const refusals: [string, () => Record<string, unknown>, { step: string; message: RegExp; hint: RegExp }][] = [
    [
      'a wrong token',
      () => ({ ...complete(), token: 'no-such-token' }),
      { step: 'token', message: /invalid/, hint: /API Access/ },
    ],
    ['no token', () => without('token'), { step: 'token', message: /not given again|empty/, hint: /Paste/ }],
    [
      'a token with a line break',
      () => ({ ...complete(), token: 'two\nlines' }),
      { step: 'token', message: /no token has/, hint: /Copy/ },
    ],
    [
      'an API address in clear text',
      () => ({ ...complete(), apiBase: 'http://api.example.com/2.0/' }),
      { step: 'token', message: /https/, hint: /./ },
    ],
    [
      'a sheet that nobody shared',
      () => ({ ...complete(), sheets: ['4583173393803140'] }),
      { step: 'sheets', message: /4583173393803140/, hint: /share/ },
    ],
    [
      'a sheet name that fits two',
      () => ({ ...complete(), sheets: 'billing' }),
      { step: 'sheets', message: /"Billing 2026", "Billing South"/, hint: /ids/ },
    ],
    [
      'no sheet',
      () => ({ ...complete(), sheets: [] }),
      { step: 'sheets', message: /names no sheet/, hint: /at least one/ },
    ],
    [
      'a column that the sheet does not have',
      () => ({ ...complete(), sheets: [otherWords.id], columns: { Quantity: 'Pieces' } }),
      { step: 'columns', message: /Pieces/, hint: /list/ },
    ],
    [
      'a mail address that is none',
      () => ({ ...complete(), alertTo: 'manager@example.com, nobody at home' }),
      { step: 'mail', message: /"nobody at home"/, hint: /commas/ },
    ],
    [
      'a sender that is none',
      () => ({ ...complete(), alertFrom: 'audit' }),
      { step: 'mail', message: /ALERT_FROM/, hint: /example/ },
    ],
    [
      'a mail server that is none',
      () => ({ ...complete(), smtpUrl: 'mail.example.com' }),
      { step: 'mail', message: /SMTP_URL/, hint: /smtp:/ },
    ],
    [
      'a public address without HTTPS',
      () => ({ ...complete(), publicUrl: 'ftp://audit.example.com' }),
      { step: 'address', message: /PUBLIC_URL/, hint: /8443/ },
    ],
    [
      'a public address on a port that Smartsheet does not call',
      () => ({ ...complete(), publicUrl: 'https://audit.example.com:9443' }),
      { step: 'address', message: /port 9443/, hint: /8443/ },
    ],
    [
      'a public address that Smartsheet itself refuses',
      () => ({ ...complete(), publicUrl: 'http://127.0.0.1:1880' }),
      { step: 'address', message: /1152/, hint: /8443/ },
    ],
  ];

  it.each(refusals)(
    'refuses %s, says what to do, and writes nothing',
    async (_what, answers, { step, message, hint }) => {
      const { code, report } = await setUp(answers());
      expect({ code, step: report.refused?.step }).toEqual({ code: 1, step });
      expect(report.refused?.message).toMatch(message);
      expect(report.refused?.hint).toMatch(hint);
      expect(report.written).toBe(false);
      expect(existsSync(envFile())).toBe(false);
    },
  );

  it('tells an account without rights which sheets it does not see', async () => {
    await sandbox.control('POST', '/sandbox/users', { email: 'outsider@example.com', token: 'outsider-token' });
    for (const { id } of [billing, otherWords]) {
      await sandbox.control('POST', `/sandbox/sheets/${id}/access`, { user: 'outsider@example.com', level: 'NONE' });
    }
    const { code, report } = await setUp({ ...complete(), token: 'outsider-token', sheets: 'all' });
    expect(code).toBe(1);
    expect(report.refused).toMatchObject({ step: 'sheets', hint: expect.stringContaining('share the billing sheets') });
  });

  it('says that there will be no webhooks where the plan has none, and goes on', async () => {
    await sandbox.control('POST', '/sandbox/faults', { failNext: { status: 403, errorCode: 1013, path: '/webhooks' } });
    const { code, report } = await setUp(complete());
    expect(code).toBe(0);
    expect(saidBy(report, 'token')).toMatch(/Webhooks: not for this account.*1013.*polling/);
  });

  it('does not say that a mail was taken when the server refuses it', async () => {
    post.mood = 'refuse-550';
    const { code, report } = await setUp(complete());
    post.mood = 'well';
    expect(code).toBe(1);
    expect(report.refused).toMatchObject({ step: 'mail', message: expect.stringContaining('no such mailbox') });
  });

  it('refuses another store, since this version has none', async () => {
    const { report } = await setUp(complete(), { DATABASE_URL: 'postgres://db.example.com/audit' });
    expect(report.refused).toMatchObject({ step: 'store', message: expect.stringContaining('part C') });
  });

  it('could not be done without Smartsheet, or in a home that cannot be written', async () => {
    const silent = await setUp({ ...complete(), apiBase: 'http://127.0.0.1:9/2.0/' });
    expect({ code: silent.code, refused: silent.report.refused?.code }).toEqual({
      code: 3,
      refused: 'smartsheet_unavailable',
    });
    writeFileSync(join(folder, 'a-file'), '');
    const homeless = await setUp({ ...complete(), home: 'a-file/home' });
    expect({ code: homeless.code, refused: homeless.report.refused?.code }).toEqual({
      code: 3,
      refused: 'home_not_writable',
    });
    expect(existsSync(envFile())).toBe(false);
  });

  it('names the damaged line of a .env and leaves the file alone', async () => {
    const damaged = 'PORT=1880\nALERT_TO="manager@example.com\nSMTP_URL=smtp://127.0.0.1\n';
    writeFileSync(envFile(), damaged);
    const { code, report } = await setUp(complete());
    expect(code).toBe(3);
    expect(report.error).toMatchObject({ code: 'env_file_damaged', message: expect.stringContaining('Line 2') });
    expect(readFileSync(envFile(), 'utf8')).toBe(damaged);
  });

  it('is misused with answers to questions that nobody asks', async () => {
    const { code, report } = await setUp({ ...complete(), tokn: 'x' });
    expect(code).toBe(2);
    expect(report.error?.message).toContain('tokn');
  });
});
