import { createHmac } from 'node:crypto';
import type { WebhookRequest } from '../../../lib/runtime/runtime';
import type { Webhook } from '../../../lib/store/store';
import { randomFrom } from '../support';

/** Webhooks whose callbacks are the corpus. Secrets are text as Smartsheet gives it, one with letters beyond ASCII. */
export const HOOKS: readonly Webhook[] = ['4503604829677444', '18014398509481985', '77'].map((webhook_id, index) => ({
  webhook_id,
  sheet_id: String(4583173393803140 + index),
  callback_url: 'https://audit.example.com/webhook',
  shared_secret: `3xk7Pq2m8Zt${index}${index === 2 ? 'é' : ''}`,
  previous_secret: `older${index}`,
  previous_until: index === 0 ? '2026-01-15T00:00:00.000Z' : '2026-01-10T00:00:00.000Z',
  status: 'ENABLED',
}));

/** When the corpus is sent: the previous secret of the first webhook still counts, that of the others does not. */
export const PRESENT = Date.parse('2026-01-14T12:00:00.000Z');

export interface Genuine {
  readonly hook: Webhook;
  readonly secret: string;
  readonly body: Buffer;
  readonly nonce: string;
  /** The MAC in full: 64 digits. */
  readonly mac: string;
  readonly request: WebhookRequest;
}

type Random = (below: number) => number;

const TEXTS = [
  'Zähler geprüft',
  '東京電力 №12',
  '🛠️ pole #7',
  'a\\b"c',
  'line\nbreak\ttab',
  '\u2028\u2029',
  'plain',
  '',
];

/** Callbacks as Smartsheet may write them, the same for the same seed, one after another. */
export function* genuineCallbacks(count: number, seed: number): Generator<Genuine> {
  const random = randomFrom(seed);
  for (let number = 0; number < count; number += 1) {
    const hook = pick(random, HOOKS);
    const nonce = `${seed}-${number}-${pick(random, ['x', 'é', '\u{1f6e0}', '"', '/'])}`;
    const body = Buffer.from(respelled(random, envelopeOf(random, hook, nonce)));
    const isPrevious = hook === HOOKS[0] && random(10) === 0;
    const secret = isPrevious ? String(hook.previous_secret) : hook.shared_secret;
    const mac = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'smartsheet-hmac-sha256': headerOf(random, mac), 'content-type': 'application/json' };
    const request = { headers, body: random(4) === 0 ? inChunks(random, body) : body };
    yield { hook, secret, body, nonce, mac, request };
  }
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random(items.length)] as Item;
}

/** A MAC with leading zeros comes without them, as a big integer is printed. */
function headerOf(random: Random, mac: string): string {
  const digits = mac.replace(/^0+/, '');
  const cased = random(5) === 0 ? digits.toUpperCase() : digits;
  return random(10) === 0 ? ` ${cased} ` : cased;
}

function envelopeOf(random: Random, hook: Webhook, nonce: string): object {
  const event = (): object => ({
    objectType: pick(random, ['cell', 'row', 'sheet', 'future']),
    eventType: pick(random, ['updated', 'created', 'deleted']),
    [pick(random, ['rowId', 'rowid'])]: 1 + random(2 ** 31),
    userId: random(2 ** 31),
    timestamp: pick(random, ['2026-01-14T15:30:00.000+0000', '2026-01-14T15:30:00+00:00', '2026-01-14T15:30:00Z']),
    note: pick(random, TEXTS),
  });
  const parts: [string, unknown][] = [
    ['nonce', nonce],
    ['timestamp', '2026-01-14T15:30:01.795+0000'],
    ['webhookId', `#${hook.webhook_id}#`],
    ['scope', 'sheet'],
    ['scopeObjectId', Number(hook.sheet_id)],
    ['events', Array.from({ length: random(4) }, event)],
    ['aFieldOfTomorrow', { deep: [null, true, 1.5e-7, pick(random, TEXTS)] }],
  ];
  // Object keys have no order that anybody promised.
  for (let from = parts.length - 1; from > 0; from -= 1) {
    const to = random(from + 1);
    [parts[from], parts[to]] = [parts[to] as [string, unknown], parts[from] as [string, unknown]];
  }
  return Object.fromEntries(parts);
}

/** The same JSON in another spelling: spaces, escapes, line ends. */
function respelled(random: Random, value: object): string {
  const spacing = pick(random, [undefined, 0, 1, 2, '\t', ' \r']);
  let text = JSON.stringify(value, null, spacing);
  // Ids may be larger than a double holds, and are numbers on the wire, or texts.
  text = random(3) === 0 ? text.replace(/"#(\d+)#"/, '"$1"') : text.replace(/"#(\d+)#"/, '$1');
  if (random(3) === 0)
    text = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (random(4) === 0) text = text.replaceAll('/', '\\/');
  if (random(4) === 0) text = `${pick(random, [' ', '\n', '\r\n', '\t'])}${text}${pick(random, ['\n', '\r\n', '  '])}`;
  return text;
}

async function* inChunks(random: Random, body: Buffer): AsyncIterable<Uint8Array> {
  const cut = random(body.length);
  yield body.subarray(0, cut);
  yield body.subarray(cut);
}
