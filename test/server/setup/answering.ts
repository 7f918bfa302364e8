import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openPostOffice, type PostOffice } from '../../alert/post-office';
import { startSandboxProcess, type SandboxProcess } from '../../support/sandbox';
import { runCommand, type Ended } from './command';

/** What every test of `setup --answers` stands on; whoever imports it has a sandbox, a mail server and a new folder. */
interface Sheet {
  readonly id: number;
}

export let sandbox: SandboxProcess;
export let post: PostOffice;
export let billing: Sheet;
export let otherWords: Sheet;
export let folder: string;

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

export const envFile = (): string => join(folder, '.env');
export const written = (): Record<string, string | undefined> => parseEnv(readFileSync(envFile(), 'utf8'));

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

export async function setUp(
  answers: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended & { readonly report: Report }> {
  const file = join(folder, 'answers.json');
  writeFileSync(file, JSON.stringify(answers));
  const ended = await runCommand(['setup', '--answers', file, '--json'], { cwd: folder, env });
  return { ...ended, report: JSON.parse(ended.output || '{}') as Report };
}

export const complete = (): Record<string, unknown> => ({
  token: 'practice-token',
  apiBase: `${sandbox.url}/2.0`,
  sheets: [billing.id],
  smtpUrl: `smtp://127.0.0.1:${post.port}`,
  alertFrom: 'Billing Audit <audit@example.com>',
  alertTo: 'manager@example.com, auditor@example.com',
  publicUrl: '',
});
export const without = (name: string): Record<string, unknown> => {
  const { [name]: _left, ...rest } = complete();
  return rest;
};
export const saidBy = (report: Report, step: string): string =>
  report.steps
    .find((each) => each.step === step)
    ?.findings.map(({ text }) => text)
    .join('\n') ?? '';
