import { createHash, createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WebhookRequest } from '../../../lib/runtime/runtime';
import { HOOKS, type Genuine } from './genuine';

type Random = (below: number) => number;
/** Makes a forgery out of a genuine callback and another one. */
type Forge = (genuine: Genuine, random: Random, other: Genuine) => WebhookRequest;

const HEADER = 'smartsheet-hmac-sha256';
const UUID = '0d0d6d3a-9a4b-4b7e-8c55-1f7ad6c5a111';
const hmac = (key: string | Buffer, data: string | Buffer, algorithm = 'sha256'): string =>
  createHmac(algorithm, key).update(data).digest('hex');
const withMac = (body: Uint8Array, mac: string | string[] | undefined): WebhookRequest => ({
  headers: mac === undefined ? {} : { [HEADER]: mac },
  body,
});
const text = ({ body }: Genuine): string => body.toString('utf8');
const notThe = (hookId: string): (typeof HOOKS)[number] =>
  HOOKS.find(({ webhook_id }) => webhook_id !== hookId) as (typeof HOOKS)[number];

/** Each way to come without having signed, by its name. */
export const FORGERIES: Readonly<Record<string, Forge>> = {
  'no signature': ({ body }) => withMac(body, undefined),
  'an empty signature': ({ body }) => withMac(body, ''),
  'a signature of spaces': ({ body }, random) => withMac(body, ' '.repeat(1 + random(70))),
  'cut at its end': ({ body, mac }, random) => withMac(body, mac.slice(0, 63 - random(60))),
  'cut at its beginning, by more than zeros': ({ body, mac }) => withMac(body, mac.replace(/^0*[1-9a-f]/, '')),
  'a single digit': ({ body }, random) => withMac(body, random(16).toString(16)),
  'all zeros': ({ body }, random) => withMac(body, '0'.repeat(1 + random(64))),
  'too long by digits at the end': ({ body, mac }, random) => withMac(body, mac + '0'.repeat(1 + random(64))),
  'too long by digits in front': ({ body, mac }, random) => withMac(body, '0'.repeat(1 + random(9)) + mac),
  'no hexadecimal': ({ body, mac }, random) => withMac(body, replaceAt(mac, random(64), 'g')),
  'spaces inside': ({ body, mac }, random) => withMac(body, replaceAt(mac, 1 + random(62), ' ')),
  'base64 instead of hexadecimal': ({ body, mac }) => withMac(body, Buffer.from(mac, 'hex').toString('base64')),
  'a header twice': ({ body, mac }) => withMac(body, [mac, mac]),
  'a header twice, joined': ({ body, mac }, random) => withMac(body, mac + (random(2) ? ',' : ', ') + mac),
  'a guess and the right one': ({ body, mac }) => withMac(body, ['0'.repeat(64), mac]),
  'a prefix as others write it': ({ body, mac }) => withMac(body, `sha256=${mac}`),
  "another webhook's secret": ({ body, hook }) => withMac(body, hmac(notThe(hook.webhook_id).shared_secret, body)),
  'a previous secret whose day is over': ({ hook }) => {
    const last = hook === HOOKS[0] ? (HOOKS[1] as typeof hook) : hook;
    const body = Buffer.from(`{"nonce":"o","webhookId":${last.webhook_id},"events":[]}`);
    return withMac(body, hmac(String(last.previous_secret), body));
  },
  'the secret in another case': ({ body, hook }) => withMac(body, hmac(hook.shared_secret.toUpperCase(), body)),
  'the secret with a space': ({ body, hook }) => withMac(body, hmac(`${hook.shared_secret} `, body)),
  'an empty secret': ({ body }) => withMac(body, hmac('', body)),
  'the id of the webhook as secret': ({ body, hook }) => withMac(body, hmac(hook.webhook_id, body)),
  'a hash without a secret': ({ body }) => withMac(body, createHash('sha256').update(body).digest('hex')),
  'a hash of secret and body': ({ body, secret }) =>
    withMac(body, createHash('sha256').update(secret).update(body).digest('hex')),
  'SHA-512, cut': ({ body, secret }) => withMac(body, hmac(secret, body, 'sha512').slice(0, 64)),
  'SHA-1': ({ body, secret }) => withMac(body, hmac(secret, body, 'sha1')),
  'key and data swapped': ({ body, secret }) => withMac(body, hmac(body, secret)),
  'a MAC with one bit flipped': ({ body, mac }, random) =>
    withMac(body, flipped(Buffer.from(mac, 'hex'), random).toString('hex')),
  'a MAC turned round': ({ body, mac }) => withMac(body, Buffer.from(mac, 'hex').reverse().toString('hex')),
  'the MAC of another callback': ({ body }, _random, other) => withMac(body, other.mac),
  'one bit of the body flipped': ({ body, mac }, random) => withMac(flipped(Buffer.from(body), random), mac),
  'JSON written anew': (genuine) => withMac(Buffer.from(`${JSON.stringify(JSON.parse(text(genuine)))} `), genuine.mac),
  'a line end more': ({ body, mac }, random) =>
    withMac(Buffer.concat([body, Buffer.from(random(2) ? '\n' : '\r\n')]), mac),
  'a byte order mark in front': ({ body, mac }) => withMac(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]), mac),
  compressed: ({ body, mac }) => ({ headers: { [HEADER]: mac, 'content-encoding': 'gzip' }, body: gzipSync(body) }),
  'another case in the body': (genuine) => withMac(Buffer.from(text(genuine).replace('scope', 'Scope')), genuine.mac),
  'a known nonce with a new body': (genuine, random) =>
    withMac(
      Buffer.from(
        `{"nonce":${JSON.stringify(genuine.nonce)},"webhookId":${genuine.hook.webhook_id},"x":${random(1e6)}}`,
      ),
      genuine.mac,
    ),
  'a body cut short': ({ body, mac }, random) => withMac(body.subarray(0, random(body.length)), mac),
  'no body': ({ mac }) => withMac(Buffer.alloc(0), mac),
  'a body twice': ({ body, mac }) => withMac(Buffer.concat([body, body]), mac),
  'an event more': (genuine) => withMac(Buffer.from(text(genuine).replace(/\[/, '[{},')), genuine.mac),
  'a webhook that nobody knows, signed with a secret of ours': ({ secret }, random) => {
    const body = Buffer.from(`{"nonce":"n","webhookId":${1e9 + random(1e9)},"events":[]}`);
    return withMac(body, hmac(secret, body));
  },
  'the signature in another header': ({ body, mac }, random) => ({
    headers: { [['x-hub-signature-256', 'authorization', 'smartsheet-hmac'][random(3)] as string]: mac },
    body,
  }),
  'a challenge that is none': ({ body }, random) => ({
    headers: { 'smartsheet-hook-challenge': ['', 'x', `${UUID}0`, ` ${UUID}`, '<script>'][random(5)] as string },
    body,
  }),
  'a challenge with the body of a callback': ({ body }) => ({ headers: { 'smartsheet-hook-challenge': UUID }, body }),
  'a challenge whose body says another': (_genuine, random) => ({
    headers: { 'smartsheet-hook-challenge': UUID },
    body: Buffer.from(JSON.stringify({ challenge: replaceAt(UUID, 0, String(1 + random(9))), webhookId: 77 })),
  }),
};

function replaceAt(whole: string, at: number, character: string): string {
  return whole.slice(0, at) + character + whole.slice(at + 1);
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random(8)), at);
  return bytes;
}
