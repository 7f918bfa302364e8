import { parseEnv } from 'node:util';
import { NO_LIMITER, planLimits } from '../../../lib/smartsheet';
import type { Http } from '../../../lib/ports';
import { chosenFrom } from '../../../server/setup/choose';
import { changedText, type EnvFile } from '../../../server/setup/env-file';

const file = (text: string | null): EnvFile => ({ path: '.env', text, values: {} });

describe('a changed .env', () => {
  it.each([
    'plain',
    'with space',
    'a#b',
    "it's",
    'say "so"',
    `both ' and "`,
    ' padded ',
    '$HOME',
    'a=b',
    'back\\slash',
    'ünïcode',
  ])('reads back as %p was meant, beside what was there', (value) => {
    const before = '# first\nOTHER=\'x y\'\nNAME=old # why\n\nLAST="two\nlines"';
    const after = parseEnv(changedText(file(before), { NAME: value, NEW: value }));
    expect(after).toMatchObject({ OTHER: 'x y', NAME: value, NEW: value, LAST: 'two\nlines' });
  });

  it('changes the last of two lines with the same name, since that one counts', () => {
    expect(changedText(file('A=1\nA=2\n'), { A: '3' })).toBe('A=1\nA=3\n');
  });

  it.each([
    ['A="open\nB=1\n', 1],
    ['A=1\nnonsense\n', 2],
    ['\uFEFFA=1\n', 1],
    ['A=1\nB=\0\n', 2],
  ])('is refused for %p, naming line %i', (text, line) => {
    expect(() => changedText(file(text), { C: '1' })).toThrow(
      expect.objectContaining({ code: 'env_file_damaged', context: expect.objectContaining({ line }) }),
    );
  });

  it('refuses a value that no line can hold', () => {
    expect(() => changedText(file(null), { A: 'two\nlines' })).toThrow(
      expect.objectContaining({ code: 'bad_setting' }),
    );
  });
});

describe('what was chosen from a list', () => {
  const options = ['Alpha', 'Beta', 'Betamax'].map((label, index) => ({ value: `10000000${index}`, label }));
  const choose = (text: string): readonly string[] => chosenFrom(text, options, { field: 'Sheets', free: /^\d{9,}$/u });

  it('takes numbers, ranges, names, parts of names and ids, each once', () => {
    expect(choose('1, 2-3, alpha')).toEqual(['100000000', '100000001', '100000002']);
    expect(choose('Beta')).toEqual(['100000001']);
    expect(choose('max, 987654321')).toEqual(['100000002', '987654321']);
  });

  it.each(['0', '4', '3-2', 'gamma', 'bet'])('refuses %p', (text) => expect(() => choose(text)).toThrow(/Sheets/u));
});

describe('what a plan allows', () => {
  const exchange = (status: number, errorCode: number): Parameters<typeof planLimits>[0] => {
    const http: Http = async ({ url }) => {
      const refused = url.includes('/events?');
      const body = refused && status !== 200 ? { errorCode, message: 'Not in the plan.' } : { data: [] };
      return { status: refused ? status : 200, headers: {}, body: JSON.stringify(body) };
    };
    const waiting = {
      now: () => 1e12,
      sleep: async () => undefined,
      random: () => 0,
      limiter: NO_LIMITER,
    };
    return { http, token: 't', base: 'https://api.example.com/2.0/', mostTries: 1, ...waiting };
  };

  it('has event reports when Smartsheet gives some, and none when it refuses them', async () => {
    expect(await planLimits(exchange(200, 0))).toEqual({ noWebhooks: null, noEvents: null });
    for (const code of [1004, 1013]) {
      expect((await planLimits(exchange(403, code))).noEvents).toContain(String(code));
    }
  });
});
