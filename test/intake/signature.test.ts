import { createHmac } from 'node:crypto';
import { checkSignature } from '../../lib/smartsheet';

const secret = 'a-shared-secret';
const secrets = { current: secret, previous: null };

function sign(body: string, key = secret): string {
  return createHmac('sha256', key).update(body).digest('hex');
}

/** A body whose digest begins with as many zeros as asked. */
function bodySignedWithLeadingZeros(zeros: number): { body: Buffer; signature: string } {
  for (let attempt = 0; ; attempt += 1) {
    const signature = sign(`body ${attempt}`);
    if (signature.startsWith('0'.repeat(zeros))) return { body: Buffer.from(`body ${attempt}`), signature };
  }
}

describe('the signature of a callback', () => {
  const body = Buffer.from('{"nonce":"1"}');

  it('is accepted when it was made with the secret, in upper case too', () => {
    const signature = sign(body.toString());
    expect(checkSignature(body, signature, secrets)).toEqual({ authentic: true, matched: 'current' });
    expect(checkSignature(body, signature.toUpperCase(), secrets)).toEqual({ authentic: true, matched: 'current' });
  });

  it.each([1, 2, 3])('is accepted when %i leading zeros were left out', (zeros) => {
    const signed = bodySignedWithLeadingZeros(zeros);
    const stripped = signed.signature.replace(/^0+/, '');
    expect(stripped.length).toBeLessThan(64);
    expect(checkSignature(signed.body, stripped, secrets)).toEqual({ authentic: true, matched: 'current' });
  });

  it('tells when the previous secret has signed', () => {
    const rotated = { current: 'a-new-secret', previous: secret };
    expect(checkSignature(body, sign(body.toString()), rotated)).toEqual({ authentic: true, matched: 'previous' });
  });

  it.each([
    ['missing', undefined, 'missing'],
    ['empty', '', 'missing'],
    ['doubled, as a list', [sign('{"nonce":"1"}'), sign('{"nonce":"1"}')], 'malformed'],
    ['doubled, joined by a comma', `${sign('{"nonce":"1"}')}, ${sign('{"nonce":"1"}')}`, 'malformed'],
    ['no hexadecimal', 'z'.repeat(64), 'malformed'],
    ['too long', `0${sign('{"nonce":"1"}')}`, 'malformed'],
    ['base64', createHmac('sha256', secret).update('{"nonce":"1"}').digest('base64'), 'malformed'],
    ['of another body', sign('{"nonce":"2"}'), 'mismatch'],
    ['made with another secret', sign('{"nonce":"1"}', 'other'), 'mismatch'],
    ['cut short at the end', sign('{"nonce":"1"}').slice(0, 63), 'mismatch'],
  ])('is refused when it is %s', (_case, header, why) => {
    expect(checkSignature(body, header, secrets)).toEqual({ authentic: false, why });
  });
});
