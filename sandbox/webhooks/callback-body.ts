import { randomUUID } from 'node:crypto';
import type { SheetEvent } from '../office/types';
import type { Callback, Webhook, WebhookStatus } from './types';

/** Makes the callback that tells `hook` of these events. */
export function eventCallback(hook: Webhook, events: readonly SheetEvent[], now: number): Callback {
  return callback(hook, now, events.length, { events: events.map(wireEvent) });
}

/** Makes the callback that tells `hook` of its new status. */
export function statusCallback(hook: Webhook, status: WebhookStatus, now: number): Callback {
  return callback(hook, now, 0, { newWebhookStatus: status });
}

function callback(hook: Webhook, now: number, events: number, rest: object): Callback {
  const nonce = randomUUID();
  const body = JSON.stringify({
    nonce,
    timestamp: new Date(now).toISOString().replace('Z', '+00:00'),
    webhookId: hook.id,
    scope: 'sheet',
    scopeObjectId: hook.sheetId,
    ...rest,
  });
  return { nonce, body, madeAt: now, events };
}

/** Captured callbacks carry whole seconds and `+00:00` (reference §2.6). */
function wireEvent({ objectType, eventType, id, rowId, columnId, userId, at, changeAgent }: SheetEvent): object {
  return {
    objectType,
    eventType,
    ...(id === undefined ? {} : { id }),
    ...(rowId === undefined ? {} : { rowId }),
    ...(columnId === undefined ? {} : { columnId }),
    userId,
    timestamp: `${new Date(at).toISOString().slice(0, 19)}+00:00`,
    ...(changeAgent === undefined ? {} : { changeAgent }),
  };
}
