import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billing, complete, envFile, folder, otherWords, post, sandbox, saidBy, setUp, without } from './answering';

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

  it('opens the database that .env names, and refuses one that is not there, or two at once', async () => {
    const nowhere = { DATABASE_URL: 'postgres://audit@127.0.0.1:9/audit' };
    const silent = await setUp(complete(), nowhere);
    expect(silent.code).toBe(3);
    expect(silent.report.refused).toMatchObject({ step: 'store', message: expect.stringContaining('127.0.0.1:9') });
    const both = await setUp(complete(), { ...nowhere, SUPABASE_URL: 'https://project.supabase.co' });
    expect(both.report.refused).toMatchObject({ step: 'store', message: expect.stringContaining('both set') });
    expect(existsSync(envFile())).toBe(false);
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
