import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConfigurationFile } from '../../../server/config';
import { runCommand, startCommand, type Ended } from './command';

const SHIPPED = resolve(__dirname, '../../../flows/node-red/01 - Watch a sheet.json');
const ALERT = {
  id: 'our-alert',
  type: 'billing-audit-alert',
  z: 'watch-a-sheet',
  name: 'Managers',
  alertFrom: '0.6',
  wires: [[]],
};
const ENV =
  '# ours\nSMARTSHEET_ACCESS_TOKEN=very-secret-token\nSMTP_URL=smtp://u:hush@mail.example.com\nPORT=1990\nALERT_TO=a@example.com\n';

type Node = { id: string; type: string } & Record<string, unknown>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with `.env` and a home with the shipped flow and an alert. */
function installation(name: string, env: string, change: (node: Node) => Node = (node) => node): string {
  const place = join(folder, name);
  const flows = join(place, '.billing-audit/node-red');
  mkdirSync(flows, { recursive: true });
  writeFileSync(join(place, '.env'), env);
  const nodes = [...(JSON.parse(readFileSync(SHIPPED, 'utf8')) as Node[]), ALERT as Node];
  writeFileSync(join(flows, 'flows.json'), JSON.stringify(nodes.map(change)));
  return place;
}
const flowIn = (place: string): string => readFileSync(join(place, '.billing-audit/node-red/flows.json'), 'utf8');
const envIn = (place: string): string => readFileSync(join(place, '.env'), 'utf8');
const config = (place: string, ...words: string[]): Promise<Ended> => runCommand(['config', ...words], { cwd: place });

async function exported(place: string): Promise<ConfigurationFile> {
  const { output, errors } = await config(place, 'export');
  if (output === '') throw new Error(errors);
  return JSON.parse(output) as ConfigurationFile;
}

const changed = (node: Node): Node => {
  if (node.id === 'watch-settings')
    return { ...node, closesAfterHours: '12', columnAliases: 'Total $ = Units Total Price' };
  return node.id === 'our-alert' ? { ...node, alertFrom: '0.4' } : node;
};

describe('config export', () => {
  it('names secrets and never their values', async () => {
    const file = await exported(installation('one', ENV));
    expect(file).toMatchObject({
      variables: { PORT: '1990', ALERT_TO: 'a@example.com' },
      secrets_set: ['SMARTSHEET_ACCESS_TOKEN', 'SMTP_URL'],
      billing_settings: [{ id: 'watch-settings', values: {} }],
      alert_rules: expect.arrayContaining([{ id: 'our-alert', name: 'Managers', values: { alertFrom: '0.6' } }]),
    });
    expect(JSON.stringify(file)).not.toMatch(/very-secret|hush/);
  });
});

describe('config import', () => {
  it('shows the differences, asks, changes them, and undo puts everything back', async () => {
    const from = installation('from', ENV.replace('1990', '1880'), changed);
    const to = installation('to', ENV);
    const [envBefore, flowBefore] = [envIn(to), flowIn(to)];
    await config(from, 'export', '../settings.json');
    const asked = startCommand(['config', 'import', '../settings.json'], { cwd: to });
    await asked.says('.env: PORT  1990  ->  1880');
    await asked.says('closesAfterHours  (not set)  ->  12');
    await asked.says('"Managers": alertFrom  0.6  ->  0.4');
    await asked.answer('Change it?', 'yes');
    expect((await asked.ended).code).toBe(0);
    expect(envIn(to)).toContain('# ours\nSMARTSHEET_ACCESS_TOKEN=very-secret-token\n');
    expect(envIn(to)).toContain('PORT=1880');
    expect(flowIn(to)).toContain('"columnAliases": "Total $ = Units Total Price"');
    expect((await config(to, 'undo')).code).toBe(0);
    expect([envIn(to), flowIn(to)]).toEqual([envBefore, flowBefore]);
  });

  it('changes nothing when nobody agrees', async () => {
    const from = installation('from', ENV.replace('1990', '1880'));
    const to = installation('to', ENV);
    await config(from, 'export', '../settings.json');
    const asked = startCommand(['config', 'import', '../settings.json'], { cwd: to });
    await asked.answer('Change it?', '');
    expect((await asked.ended).code).toBe(1);
    expect(envIn(to)).toBe(ENV);
  });

  const wrong: [string, (file: ConfigurationFile) => unknown, RegExp][] = [
    ['a key that it does not know', (file) => ({ ...file, extra: 1 }), /extra/],
    ['a variable that it does not know', (file) => ({ ...file, variables: { PROT: '1' } }), /PROT/],
    ['a secret', (file) => ({ ...file, variables: { SMTP_URL: 'smtp://x' } }), /SMTP_URL.*secret/s],
    ['a port that is none', (file) => ({ ...file, variables: { PORT: 'many' } }), /PORT/],
    [
      'a time zone that is none',
      (file) => ({ ...file, variables: { BUSINESS_TIME_ZONE: 'Mars/Base' } }),
      /BUSINESS_TIME_ZONE/,
    ],
    ['a mail address that is none', (file) => ({ ...file, variables: { ALERT_TO: 'nobody' } }), /nobody/],
    [
      'a field that the node does not have',
      (file) => ({ ...file, alert_rules: [{ ...file.alert_rules[0], values: { colour: 'red' } }] }),
      /colour/,
    ],
    [
      'a value that the field does not take',
      (file) => ({ ...file, alert_rules: [{ ...file.alert_rules[0], values: { alertFrom: '7' } }] }),
      /Tell from a risk of/,
    ],
    ['another version', (file) => ({ ...file, version: 2 }), /version/],
    ['something else', () => ['no'], /no configuration/],
  ];
  it.each(wrong)('refuses %s by name, and changes nothing', async (_what, spoil, named) => {
    const to = installation('to', ENV);
    const flowBefore = flowIn(to);
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(spoil(await exported(to))));
    const { code, errors } = await config(to, 'import', '../settings.json', '--yes');
    expect(code).toBe(2);
    expect(errors).toMatch(named);
    expect([envIn(to), flowIn(to)]).toEqual([ENV, flowBefore]);
  });

  it('says what is missing where nobody can answer its question, and changes nothing', async () => {
    const from = installation('from', ENV, changed);
    const to = installation('to', ENV);
    await config(from, 'export', '../settings.json');
    const flowBefore = flowIn(to);
    const { code, errors } = await config(to, 'import', '../settings.json');
    expect(code).toBe(2);
    expect(errors).toBe(
      '"--yes" is missing, and nobody answers here.\nNothing was changed. Add --yes to import without a question.\n',
    );
    expect([envIn(to), flowIn(to)]).toEqual([ENV, flowBefore]);
  });

  it('does not write into the flow of a server that runs', async () => {
    const from = installation('from', ENV, changed);
    const to = installation('to', ENV);
    await config(from, 'export', '../settings.json');
    const note = { pid: process.pid, started_at: new Date().toISOString(), address: null, service_key_file: '' };
    const home = join(to, '.billing-audit');
    cpSync(join(to, '.env'), join(folder, 'before'));
    writeFileSync(join(home, 'runtime.json'), JSON.stringify(note));
    const { code, errors } = await config(to, 'import', '../settings.json', '--yes');
    expect(code).toBe(3);
    expect(errors).toContain('Stop the server');
    expect(envIn(to)).toBe(readFileSync(join(folder, 'before'), 'utf8'));
  });
});
