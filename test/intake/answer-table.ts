import { createHmac } from 'node:crypto';
import type { Webhook } from '../../lib/store/store';

export const hook: Webhook = {
  webhook_id: '11',
  sheet_id: '22',
  callback_url: 'https://audit.example.com/webhook',
  shared_secret: 'secret',
  previous_secret: 'older',
  previous_until: '1970-01-02T00:00:00.000Z',
  status: 'ENABLED',
};
export const challenge = '0d0d6d3a-9a4b-4b7e-8c55-1f7ad6c5a111';
export const genuine = JSON.stringify({
  nonce: 'n-1',
  timestamp: '2026-01-14T15:30:00Z',
  webhookId: 11,
  scopeObjectId: 22,
  events: [],
});
const foreign = genuine.replace('"webhookId":11', '"webhookId":99');
export const sign = (body: string, secret = 'secret'): string =>
  createHmac('sha256', secret).update(body).digest('hex');

export interface Case {
  readonly name: string;
  readonly headers?: Record<string, string | string[]>;
  /** A list comes in chunks. */
  readonly body: string | readonly Buffer[] | null;
  readonly breaksOff?: boolean;
  readonly storeIsDown?: boolean;
  readonly booksAreShut?: boolean;
  /** What asking Smartsheet for the secret again does; absent: nobody can ask. */
  readonly secretAgain?: 'fails' | 'tells the one in use' | 'tells the same';
  readonly at?: string;
  readonly status: number;
  readonly stored?: number;
  readonly said?: string;
}

export const long = [
  Buffer.from(genuine.replace('[]', '["')),
  ...Array.from({ length: 9 }, () => Buffer.alloc(1024 * 1024, 'x')),
];
const longForeign = [Buffer.from(foreign), ...long.slice(1)];
export const signAll = (chunks: readonly Buffer[], secret = 'secret'): string =>
  createHmac('sha256', secret).update(Buffer.concat(chunks)).digest('hex');

/** The whole table: whatever is posted gets one of these answers. */
export const TABLE: readonly Case[] = [
  {
    name: 'a signed callback',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: genuine,
    status: 200,
    stored: 1,
  },
  {
    name: 'one signed with the previous secret',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'older') },
    body: genuine,
    status: 200,
    stored: 1,
    said: 'previous secret',
  },
  {
    name: 'one signed with the previous secret a day after the reset',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'older') },
    body: genuine,
    at: '1970-01-02T00:00:01.000Z',
    status: 401,
    said: 'not signed with the secret',
  },
  {
    name: 'one signed with a secret that was reset by hand',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'by hand') },
    body: genuine,
    secretAgain: 'tells the one in use',
    status: 200,
    stored: 1,
  },
  {
    name: 'a wrong signature while Smartsheet does not tell the secret',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'by hand') },
    body: genuine,
    secretAgain: 'fails',
    status: 503,
    said: 'secret_not_obtainable',
  },
  {
    name: 'a wrong signature when Smartsheet tells the same secret',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'by hand') },
    body: genuine,
    secretAgain: 'tells the same',
    status: 401,
    said: 'not signed with the secret',
  },
  {
    name: 'a signed callback of more than 8 MB',
    headers: { 'smartsheet-hmac-sha256': signAll(long) },
    body: long,
    status: 200,
    stored: 1,
    said: 'oversize',
  },
  {
    name: 'a long one with a wrong signature',
    headers: { 'smartsheet-hmac-sha256': signAll(long, 'guess') },
    body: long,
    status: 401,
    said: 'not signed with the secret',
  },
  {
    name: 'a long one of a webhook that is not ours',
    headers: { 'smartsheet-hmac-sha256': signAll(longForeign) },
    body: longForeign,
    status: 401,
    said: 'does not belong to this installation',
  },
  {
    name: 'a long one whose secret was reset by hand, until it comes again',
    headers: { 'smartsheet-hmac-sha256': signAll(long, 'by hand') },
    body: long,
    secretAgain: 'tells the one in use',
    status: 503,
    said: 'secret_not_obtainable',
  },
  {
    name: 'a body that breaks off',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: [Buffer.from(genuine)],
    breaksOff: true,
    status: 503,
    said: 'did not come to its end',
  },
  {
    name: 'a signed callback whose nonce no database can hold',
    headers: { 'smartsheet-hmac-sha256': sign(genuine.replace('n-1', '\\u0000\\ud800')) },
    body: genuine.replace('n-1', '\\u0000\\ud800'),
    status: 200,
    stored: 1,
    said: 'its nonce holds what no store can',
  },
  {
    name: 'a signed callback that carries a challenge which is none',
    headers: { 'smartsheet-hmac-sha256': sign(genuine), 'smartsheet-hook-challenge': 'x' },
    body: genuine,
    status: 200,
    stored: 1,
  },
  {
    name: 'a signed callback while the secrets cannot be read',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: genuine,
    booksAreShut: true,
    status: 503,
    said: 'send it again',
  },
  {
    name: 'a challenge while the secrets cannot be read',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11 }),
    booksAreShut: true,
    status: 200,
  },
  {
    name: 'a challenge of more than 1 kB',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11, padding: 'x'.repeat(1024) }),
    status: 401,
  },
  {
    name: 'a challenge whose body says another one',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge: challenge.replace('0', '1'), webhookId: 11 }),
    status: 401,
  },
  {
    name: 'a signed body that is no JSON',
    headers: { 'smartsheet-hmac-sha256': sign('oops') },
    body: 'oops',
    status: 200,
    stored: 1,
    said: 'stored but not understood',
  },
  {
    name: 'a signed body of unknown form',
    headers: { 'smartsheet-hmac-sha256': sign('{"webhookId":11}') },
    body: '{"webhookId":11}',
    status: 200,
    stored: 1,
    said: 'stored but not understood',
  },
  {
    name: 'a challenge',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11 }),
    status: 200,
  },
  {
    name: 'a challenge for a webhook not known yet',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 98 }),
    status: 200,
  },
  {
    name: 'a challenge while the store is down',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11 }),
    storeIsDown: true,
    status: 200,
  },
  {
    name: 'a challenge that is not well-formed',
    headers: { 'smartsheet-hook-challenge': 'x' },
    body: '{"challenge":"x"}',
    status: 401,
    said: 'header must be a UUID',
  },
  { name: 'no signature', body: genuine, status: 401, said: 'without a signature' },
  {
    name: 'two signatures',
    headers: { 'smartsheet-hmac-sha256': [sign(genuine), sign(genuine)] },
    body: genuine,
    status: 401,
    said: 'with two',
  },
  {
    name: 'two signatures, joined by a proxy',
    headers: { 'smartsheet-hmac-sha256': `${sign(genuine)},${sign(genuine)}` },
    body: genuine,
    status: 401,
    said: 'with two',
  },
  {
    name: 'a wrong signature',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'guess') },
    body: genuine,
    status: 401,
    said: 'not signed with the secret',
  },
  {
    name: 'a webhook that is not ours',
    headers: { 'smartsheet-hmac-sha256': sign(foreign) },
    body: foreign,
    status: 401,
    said: 'deploy the Smartsheet Trigger again',
  },
  {
    name: 'bad JSON, not signed by any of ours',
    headers: { 'smartsheet-hmac-sha256': sign('oops', 'guess') },
    body: 'oops',
    status: 401,
    said: 'no callback',
  },
  { name: 'nothing at all', body: '', status: 401, said: 'without a signature' },
  {
    name: 'a host that lost the bytes',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: null,
    status: 401,
    said: 'no raw bytes',
  },
  {
    name: 'a signed callback while the store is down',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: genuine,
    storeIsDown: true,
    status: 503,
    said: 'send it again',
  },
];
