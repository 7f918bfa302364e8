import fastCheck from 'fast-check';
import { decide, isAddress, readAddresses, readChannel, readRoute } from '../../lib/alerts';
import { retryAt } from '../../lib/alerts/retry';
import { tellChannel } from '../../lib/alerts/second-channel';
import { BadSetting } from '../../lib/errors';
import { event } from './samples';

const deaf = { riskFrom: 1, severityFrom: 'NONE' } as const;
const quiet = event({ severity: 'LOW', violation_type: 'NONE', is_historical: false, risk_score: 0.1, reasons: [] });
const points = (...each: number[]) => each.map((value) => ({ factor: 'x', points: value, because: 'x' }));

describe('whatever the settings say, people are told of', () => {
  it.each([
    [
      'a large change to a closed week that nobody approved',
      event({ reasons: [], risk_score: null }),
      'historical_high',
    ],
    ['70 points of the rules', { ...quiet, reasons: points(40, 30), risk_score: 0.7 }, 'rule_points'],
    [
      '70 points of the rules, though a model calls it harmless',
      { ...quiet, reasons: points(40, 30), risk_score: 0.1, anomaly_score: 0.1 },
      'rule_points',
    ],
    ['a gap of the watch', { ...quiet, violation_type: 'WATCH_GAP' as const }, 'watch_gap'],
    ['a lost column', { ...quiet, violation_type: 'CONFIGURATION_WEAKENED' as const }, 'configuration_weakened'],
  ])('%s', (_what, about, code) => {
    const decision = decide(about, deaf);
    expect(decision?.always).toBe(true);
    expect(decision?.why.map((each) => each.code)).toContain(code);
  });
});

describe('by the settings, people are told of', () => {
  it('a risk from the threshold on, and of nothing below it', () => {
    const at = (risk_score: number) => decide({ ...quiet, risk_score }, { riskFrom: 0.5, severityFrom: 'NONE' });
    expect(at(0.499999)).toBeNull();
    expect(at(0.5)).toMatchObject({
      always: false,
      why: [{ code: 'risk', because: 'Its risk is 50 of 100; you are told from 50.' }],
    });
  });

  it('violations from the severity on, and never of approved corrections', () => {
    const late = { ...quiet, violation_type: 'HISTORICAL_CHANGE' as const, severity: 'MEDIUM' as const };
    expect(decide(late, { riskFrom: 1, severityFrom: 'HIGH' })).toBeNull();
    expect(decide(late, { riskFrom: 1, severityFrom: 'MEDIUM' })?.why[0]?.code).toBe('severity');
    const approved = event({ violation_type: 'APPROVED_CORRECTION', risk_score: 0.2, reasons: [] });
    expect(decide(approved, { riskFrom: 1, severityFrom: 'LOW' })).toBeNull();
  });

  it('nothing that is small and in order', () => {
    expect(decide(quiet, { riskFrom: 0.7, severityFrom: 'LOW' })).toBeNull();
  });
});

describe('mail addresses', () => {
  it('are read with names, commas, semicolons and lines, each once', () => {
    expect(readAddresses('A@Example.com, "B, the boss" <b@example.com>;c@sub.example.com\na@example.com', 'x')).toEqual(
      ['a@example.com', 'b@example.com', 'c@sub.example.com'],
    );
    expect(readAddresses('  ', 'x')).toEqual([]);
  });

  it('that are none are refused, each by its name', () => {
    const bad = ['nobody', 'a@b', 'a@@example.com', 'a b@example.com', '@example.com', 'a@example..com', 'a@-x.com'];
    for (const text of bad) expect(isAddress(text)).toBe(false);
    const read = () => readAddresses(`good@example.com, ${bad.slice(0, 2).join(', ')}`, 'Who is told');
    expect(read).toThrow(BadSetting);
    expect(read).toThrow('"Who is told" has addresses that are none: "nobody", "a@b".');
  });

  it('never carry a line break or a second recipient, whatever is typed', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.string({ unit: 'binary', maxLength: 60 }), (text) => {
        if (isAddress(text)) expect(text).toMatch(/^[\x21-\x7e]+$/u);
        if (isAddress(`${text}@example.com`)) expect(text).not.toMatch(/[\s,;<>:@"]/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe('SMTP_URL', () => {
  it.each([
    ['smtp://u%40example.com:p%3Aw@smtp.example.com', { host: 'smtp.example.com', port: 587, tls: 'required' }],
    ['smtps://smtp.example.com', { host: 'smtp.example.com', port: 465, tls: 'direct' }],
    ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, tls: 'none' }],
    ['smtp://relay.example.com:25?tls=none', { host: 'relay.example.com', port: 25, tls: 'none' }],
  ])('%s', (url, server) => {
    expect(readRoute({ url, from: 'audit@example.com' })?.server).toMatchObject(server);
  });

  it('gives user and password unescaped, and is nothing when empty', () => {
    const route = readRoute({ url: 'smtp://u%40example.com:p%3Aw@smtp.example.com', from: '' });
    expect(route).toMatchObject({
      from: 'u@example.com',
      server: { login: { user: 'u@example.com', password: 'p:w' } },
    });
    expect(readRoute({ url: ' ', from: '' })).toBeNull();
  });

  it.each([
    ['http://smtp.example.com', '', 'SMTP_URL'],
    ['smtp.example.com:587', '', 'SMTP_URL'],
    ['smtp://u:topsecret@relay.example.com?tls=none', 'audit@example.com', 'unencrypted'],
    ['smtp://smtp.example.com', '', 'ALERT_FROM'],
    ['smtp://smtp.example.com', 'not an address', 'ALERT_FROM'],
  ])('%s with the sender "%s" is refused, naming %s and no password', (url, from, named) => {
    const read = () => readRoute({ url, from });
    expect(read).toThrow(BadSetting);
    expect(read).toThrow(named);
    expect(read).not.toThrow('topsecret');
  });

  it('takes OAuth2 instead of a password, and says what is missing', () => {
    const texts = { url: 'smtp://smtp.example.com', from: '', oauthUser: 'u@example.com', oauthClientId: 'id' };
    expect(() => readRoute(texts)).toThrow('refreshToken');
    expect(readRoute({ ...texts, oauthRefreshToken: 'r' })?.server.login).toMatchObject({
      kind: 'oauth2',
      user: 'u@example.com',
    });
  });
});

describe('a mail that was not taken', () => {
  it('is tried again after 1, 5, 15, 60 minutes and then every 4 hours, until 48 hours are over', () => {
    const minute = 60_000;
    const pauses: number[] = [];
    let now = 0;
    for (let attempts = 1; ; attempts += 1) {
      const next = retryAt({ attempts, firstAttemptAt: 0 }, now, () => 0);
      if (next === null) break;
      pauses.push((next - now) / minute);
      now = next;
    }
    expect(pauses.slice(0, 6)).toEqual([1, 5, 15, 60, 240, 240]);
    expect(now).toBeLessThanOrEqual(48 * 60 * minute);
    expect(now).toBeGreaterThan(44 * 60 * minute);
  });

  it('comes back up to a fifth later, so that many do not come at once', () => {
    expect(retryAt({ attempts: 1, firstAttemptAt: 0 }, 0, () => 0.5)).toBe(66_000);
  });
});

describe('the second channel', () => {
  const posted = async (address: string): Promise<string> => {
    let body = '';
    await tellChannel(
      (request) => {
        body = request.body ?? '';
        return Promise.resolve({ status: 200, headers: {}, body: '' });
      },
      address,
      'HIGH: x',
      'from <!channel> to [a](https://evil.example.com)',
    );
    return body;
  };

  it('tells Slack without letting a cell notify everybody', async () => {
    const body = await posted('https://hooks.slack.com/services/T/B/x');
    expect(JSON.parse(body)).toEqual({ text: '*HIGH: x*\nfrom &lt;!channel&gt; to [a](https://evil.example.com)' });
  });

  it('tells Teams by a card in which a cell makes no link', async () => {
    const body = await posted('https://prod-1.westus.logic.azure.com/workflows/x');
    expect(body).toContain('AdaptiveCard');
    expect(JSON.parse(body).attachments[0].content.body[1].text).toContain('\\[a\\](https');
  });

  it('must be https, and its address is never shown', () => {
    expect(() => readChannel('http://hooks.slack.com/services/topsecret')).toThrow(BadSetting);
    expect(() => readChannel('http://hooks.slack.com/services/topsecret')).not.toThrow('topsecret');
    expect(readChannel('')).toBeNull();
  });
});
