import { base32Of, bytesOf, codeOf, newTotpKey, stepAt, stepOfCode, totpLink } from '../../../server/sign-in/totp';

const RFC_KEY = Buffer.from('12345678901234567890');

describe('codes by time', () => {
  it.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('are those of RFC 6238, appendix B, at %i s', (seconds, code) => {
    expect(codeOf(RFC_KEY, stepAt(seconds * 1000), 8)).toBe(code);
  });

  it('are those of RFC 4226, appendix D, by their counter', () => {
    const codes = Array.from({ length: 10 }, (_, counter) => codeOf(RFC_KEY, counter));
    expect(codes).toEqual([
      '755224',
      '287082',
      '359152',
      '969429',
      '338314',
      '254676',
      '287922',
      '162583',
      '399871',
      '520489',
    ]);
  });

  const key = base32Of(RFC_KEY);
  const at = 1234567890_000;
  const step = stepAt(at);
  it.each([
    ['this step', 0, true],
    ['the step before', -1, true],
    ['the step after', 1, true],
    ['two steps before', -2, false],
    ['two steps after', 2, false],
  ])('are taken of %s: %i -> %s', (_name, beside, isTaken) => {
    const code = codeOf(RFC_KEY, step + beside);
    expect(stepOfCode(key, code, { at, after: -1 })).toBe(isTaken ? step + beside : null);
  });

  it('are not taken again, nor those before the last one that was', () => {
    const at_ = (beside: number, after: number) => stepOfCode(key, codeOf(RFC_KEY, step + beside), { at, after });
    expect([at_(0, step), at_(-1, step), at_(1, step), at_(0, step + 1)]).toEqual([null, null, step + 1, null]);
  });

  it.each(['', '12345', '1234567', '12345a', '٠٠٥٩٢٤', ' 005924'])('are not %j', (code) => {
    expect(stepOfCode(key, code, { at, after: -1 })).toBeNull();
  });
});

describe('the key', () => {
  it.each([
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('is written as RFC 4648 says: %s is %s', (text, base32) => {
    expect(base32Of(Buffer.from(text))).toBe(base32);
    expect(Buffer.from(bytesOf(base32)).toString()).toBe(text);
  });

  it('is of 160 bits, another one each time, and stands in the link as apps take it', () => {
    const [one, other] = [newTotpKey(), newTotpKey()];
    expect([one.length, bytesOf(one).length, one === other]).toEqual([32, 20, false]);
    expect(totpLink(one, 'ann@example.com', 'Billing Audit')).toBe(
      `otpauth://totp/Billing%20Audit:ann%40example.com?secret=${one}&issuer=Billing%20Audit`,
    );
  });
});
