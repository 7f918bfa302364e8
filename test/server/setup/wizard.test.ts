import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openPostOffice, type PostOffice } from '../../alert/post-office';
import { firstFlow, startPipeline, type Pipeline } from '../../pipeline/harness';
import { startCommand, type RunningCommand } from './command';

const COLUMNS = [
  'Work Request #',
  'Quantity',
  'Units Total Price',
  'Redlined Total Price',
  'Weekly Referenced Logged Date',
];

let pipeline: Pipeline;
let post: PostOffice;
let folder: string;
let wizard: RunningCommand;
let rowId: number;

beforeAll(async () => {
  post = await openPostOffice();
  pipeline = await startPipeline({
    sandboxFlags: [],
    callbacks: false,
    flow: firstFlow().map((node) => (node.type.endsWith('-trigger') ? { ...node, pollSeconds: 5 } : node)),
    prepare: async (sandbox) => {
      const rows = [{ 'Work Request #': 'WR-1', Quantity: 10 }];
      const made = { name: 'Billing 2026', columns: COLUMNS, rows };
      ({
        rows: [{ id: rowId }],
      } = await sandbox.control<{ rows: [{ id: number }] }>('POST', '/sandbox/sheets', made));
    },
  });
});
afterAll(async () => {
  await post.close();
  await pipeline.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wizard-'));
});
afterEach(async () => {
  wizard.child.kill('SIGKILL');
  await wizard.ended;
  rmSync(folder, { recursive: true, force: true });
});

const envFile = (): string => join(folder, '.env');
const start = (env: Readonly<Record<string, string>> = {}): void => {
  wizard = startCommand(['setup'], { cwd: folder, env });
};
const untilSheets = async (): Promise<void> => {
  await wizard.answer('Access token', 'practice-token');
  await wizard.answer('API address', `${pipeline.sandbox.url}/2.0/`);
  await wizard.says('The token belongs to');
};

describe('the wizard on a terminal', () => {
  it('leads from an empty folder to the first change of a running server', async () => {
    start({ PORT: new URL(pipeline.nodeRed().address).port });
    await untilSheets();
    await wizard.says('1  Billing 2026');
    await wizard.answer('Sheets to watch', '1');
    await wizard.says('All five columns are known');
    await wizard.answer('Folder', join(pipeline.nodeRed().userDir, 'home'));
    await wizard.answer('Mail server', `smtp://127.0.0.1:${post.port}`);
    await wizard.answer('From', 'audit@example.com');
    await wizard.answer('Who is told', 'manager@example.com');
    await wizard.answer('Send a test mail now [yes]', '');
    await wizard.says('has taken a test mail to manager@example.com');
    await wizard.answer('Public address', '');
    await wizard.says('To be written to');
    expect(existsSync(envFile())).toBe(false);
    await wizard.answer('Write it?', '');
    await wizard.says('Written:');
    await wizard.says('Change a cell in a watched sheet.');
    await pipeline.watched();
    const { id: sheetId } = pipeline.sheets[0]!;
    await pipeline.sandbox.control('POST', '/sandbox/edit', { sheetId, rowId, cells: { Quantity: 12 } });
    await wizard.says('A change has been seen and recorded');
    wizard.hangUp();
    expect((await wizard.ended).code).toBe(0);
    expect(parseEnv(readFileSync(envFile(), 'utf8'))).toMatchObject({
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_SHEETS: String(sheetId),
    });
    expect(statSync(envFile()).mode & 0o777).toBe(0o600);
    expect(post.arrived.map(({ subject }) => subject)).toEqual(['Billing Audit: test mail']);
  }, 120_000);

  it('shows no secret when it is repeated, keeps what Enter keeps, and takes away what - takes away', async () => {
    const secrets = `SMARTSHEET_ACCESS_TOKEN=practice-token\nSMTP_URL=smtp://audit:hush@127.0.0.1:${post.port}\n`;
    writeFileSync(
      envFile(),
      `# ours\n${secrets}SMARTSHEET_API_BASE=${pipeline.sandbox.url}/2.0/\nALERT_FROM=audit@example.com\nALERT_TO=manager@example.com\n`,
    );
    start();
    await wizard.answer('Access token [set]', '');
    await wizard.answer('API address', '');
    await wizard.answer('Sheets to watch', '?nothing like it');
    await wizard.says('Nothing is called like');
    await wizard.answer('Sheets to watch', 'all');
    await wizard.answer('Folder', '');
    await wizard.answer(`Mail server [set: 127.0.0.1:${post.port} as audit]`, '-');
    await wizard.answer('From', '-');
    await wizard.answer('Who is told', '');
    await wizard.answer('Send a test mail', 'no');
    await wizard.answer('Public address', '');
    await wizard.answer('Write it?', 'yes');
    await wizard.says('Written:');
    wizard.hangUp();
    const { code, output } = await wizard.ended;
    expect(code).toBe(0);
    expect(output).not.toContain('hush');
    expect(output).not.toContain('practice-token');
    expect(readFileSync(envFile(), 'utf8')).toContain('# ours\nSMARTSHEET_ACCESS_TOKEN=practice-token\nSMTP_URL=\n');
  });

  it('asks again after a wrong answer, and leaves a part as it is when told to', async () => {
    start();
    await wizard.answer('Access token', 'no-such-token');
    await wizard.answer('API address', `${pipeline.sandbox.url}/2.0/`);
    await wizard.says('Your Access Token is invalid');
    await wizard.answer('Enter tries again', '');
    await untilSheets();
    await wizard.answer('Sheets to watch', 'no such sheet');
    await wizard.says('fits nothing of the list');
    await wizard.answer('Enter tries again', 'k');
    await wizard.says('No sheet has been chosen yet.');
    await wizard.answer('Folder', '');
    await wizard.answer('Mail server', '');
    await wizard.answer('From', '');
    await wizard.answer('Who is told', 'nobody');
    await wizard.answer('Send a test mail', '');
    await wizard.says('"nobody"');
    await wizard.answer('Enter tries again', 'q');
    expect((await wizard.ended).code).toBe(3);
    expect(existsSync(envFile())).toBe(false);
  });

  it('writes nothing when its input ends, and says how to go on without a terminal', async () => {
    start();
    await wizard.says('Access token');
    wizard.hangUp();
    const { code, errors } = await wizard.ended;
    expect(code).toBe(3);
    expect(errors).toContain('--answers');
    expect(existsSync(envFile())).toBe(false);
  });
});
