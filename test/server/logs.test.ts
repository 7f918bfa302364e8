import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile, nodeRedLogging, redactor } from '../../server/logs';

const folder = mkdtempSync(join(tmpdir(), 'logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = (): number => Date.parse('2026-01-05T09:00:00Z');
const read = (name: string, file = 'billing-audit.log'): Record<string, unknown>[] =>
  readFileSync(join(folder, name, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function logIn(
  name: string,
  given: Partial<ConstructorParameters<typeof LogFile>[0]> = {},
): { log: LogFile; failures: string[] } {
  const failures: string[] = [];
  const log = new LogFile({
    folder: join(folder, name),
    redact: (text) => text,
    now,
    onFailure: (why) => failures.push(why),
    ...given,
  });
  return { log, failures };
}

describe('the log of the server', () => {
  it('is one JSON line for each thing, whatever is in it, for its owner only', () => {
    const { log } = logIn('lines');
    log.write({ level: 'info', from: 'server', message: 'two\nlines', number: 1n });
    const round: Record<string, unknown> = {};
    round['self'] = round;
    log.write({ level: 'warn', from: 'server', message: 'round', round });
    log.write({ level: 'error', from: 'server', message: 'x'.repeat(200_000) });
    log.close();
    const lines = read('lines');
    expect(lines[0]).toEqual({
      at: '2026-01-05T09:00:00.000Z',
      level: 'info',
      from: 'server',
      message: 'two\nlines',
      number: '1',
    });
    expect(lines[1]).toMatchObject({ message: 'round', round: '[unreadable]' });
    expect(String(lines[2]?.['message'])).toContain('[shortened]');
    expect(statSync(join(folder, 'lines', 'billing-audit.log')).mode & 0o077).toBe(0);
  });

  it('keeps five files and loses no line while it turns them', () => {
    const { log } = logIn('turns', { largestBytes: 1000 });
    for (let number = 0; number < 50; number += 1) log.write({ level: 'info', from: 'test', message: 'x', number });
    log.close();
    const files = readdirSync(join(folder, 'turns')).sort();
    expect(files).toEqual(['billing-audit.log', ...[1, 2, 3, 4].map((number) => `billing-audit.log.${number}`)]);
    const numbers = [...files.slice(1).reverse(), 'billing-audit.log'].flatMap((file) =>
      read('turns', file).map((line) => line['number']),
    );
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 50 - numbers.length + index));
    expect(files.every((file) => statSync(join(folder, 'turns', file)).size <= 1000)).toBe(true);
  });

  it('goes on where it ended when the server starts again', () => {
    for (const message of ['first', 'second']) {
      const { log } = logIn('again');
      log.write({ level: 'info', from: 'test', message });
      log.close();
    }
    expect(read('again').map((line) => line['message'])).toEqual(['first', 'second']);
  });

  it('says once that it cannot be written, and never stands in the way', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'no-folder'), '');
    const { log, failures } = logIn('no-folder');
    log.write({ level: 'info', from: 'test', message: 'one' });
    log.write({ level: 'info', from: 'test', message: 'two' });
    expect(failures).toHaveLength(1);
  });
});

describe('secrets', () => {
  const redact = redactor(
    { SMARTSHEET_ACCESS_TOKEN: 'tok-1234567', SMTP_URL: 'smtps://mailer:p%40ss-w"ord@mail.example.com' },
    ['service-key-42'],
  );

  it.each([
    ['the token of Smartsheet', 'refused: tok-1234567'],
    ['the service key', 'GET /metrics with service-key-42'],
    ['a password of the mail server, as it is typed', 'login p@ss-w"ord failed'],
    ['a password inside JSON', JSON.stringify({ text: 'p@ss-w"ord' })],
    ['any address with a password', 'https://user:hunter2hunter2@proxy.example.com'],
    ['any bearer', 'authorization: Bearer abcdef123456'],
    ['any field with such a name', JSON.stringify({ accessToken: 'x1y2', Password: 'q"r', cookie: 'a=b' })],
  ])('never reach the log: %s', (_what, text) => {
    const without = redact(text);
    expect(without).toContain('[secret]');
    for (const secret of ['tok-1234567', 'service-key-42', 'ss-w', 'hunter2', 'abcdef123456', 'x1y2', 'q\\"r', 'a=b']) {
      expect(without).not.toContain(secret);
    }
  });

  it('may hold a lone %, which means itself', () => {
    const lone = redactor({ SMTP_URL: 'smtp://mailer:100%safe@mail.example.com' });
    expect(lone('login as mailer with 100%safe failed')).toBe('login as mailer with [secret] failed');
  });

  it('leave JSON that it still is', () => {
    expect(JSON.parse(redact(JSON.stringify({ token: 'a"b', other: 1 })))).toEqual({ token: '[secret]', other: 1 });
  });
});

describe("Node-RED's own log", () => {
  const lines: unknown[] = [];
  const settings = nodeRedLogging({ write: (line) => lines.push(line) }) as {
    file: { handler: () => (record: object) => void };
  };
  const handle = settings.file.handler();
  beforeEach(() => lines.splice(0));

  it('tells which node speaks, and what people do in the editor', () => {
    handle({ level: 20, msg: new Error('broken'), id: 'n1', type: 'function', name: 'Sum' });
    handle({
      level: 98,
      event: 'flows.set',
      type: 'full',
      user: { username: 'ann', permissions: '*' },
      path: '/flows',
    });
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', message: 'broken', node: { id: 'n1', type: 'function', name: 'Sum' } }),
      expect.objectContaining({ level: 'audit', from: 'editor', message: 'flows.set', user: 'ann', kind: 'full' }),
    ]);
  });

  it('leaves out what says nothing', () => {
    for (const event of ['comms.open', 'flows.get', 'auth.invalid-token']) handle({ level: 98, event });
    expect(lines).toEqual([]);
  });
});
