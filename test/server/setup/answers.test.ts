import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  billing,
  complete,
  envFile,
  folder,
  otherWords,
  post,
  sandbox,
  saidBy,
  setUp,
  without,
  written,
} from './answering';

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
