import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isEventPattern } from '../webhooks/interest';
import { moment } from './views';
import { notFound, SmartsheetRefusal } from '../errors';
import { success, type Call } from './call';
import type { Webhook } from '../webhooks/types';

const eventsSchema = z.array(z.string().refine(isEventPattern, 'must be like *.* or row.created')).min(1);

const newWebhookSchema = z.object({
  name: z.string().min(1).max(100),
  callbackUrl: z.string().min(1).max(2_000),
  scope: z.enum(['sheet']),
  scopeObjectId: z.int(),
  subscope: z.object({ columnIds: z.array(z.int()) }).optional(),
  events: eventsSchema,
  version: z.literal(1),
});

const changedWebhookSchema = z.object({
  name: z.string().min(1).max(100).optional(),
  callbackUrl: z.string().min(1).max(2_000).optional(),
  enabled: z.boolean().optional(),
  events: eventsSchema.optional(),
  version: z.literal(1).optional(),
});

/** `POST /webhooks`: made, not yet verified. */
export function createWebhook(call: Call): object {
  const body = call.body(newWebhookSchema);
  checkFilter(call, body.events);
  checkCallbackUrl(call, body.callbackUrl);
  const sheet = call.world.office.sheets.get(body.scopeObjectId);
  if (sheet === undefined || !call.world.office.may(call.user.id, sheet, 'VIEWER')) {
    throw new SmartsheetRefusal(404, 1151, `The scopeObjectId ${body.scopeObjectId} is not a sheet you can access.`);
  }
  const columnIds = body.subscope?.columnIds ?? [];
  const unknown = columnIds.find((id) => sheet.column(id) === undefined);
  if (unknown !== undefined) throw new SmartsheetRefusal(400, 1036, `The columnId ${unknown} is invalid.`);
  const hook: Webhook = {
    id: call.world.office.ids.next(),
    ownerId: call.user.id,
    sheetId: sheet.id,
    columnIds,
    createdAt: call.now,
    name: body.name,
    callbackUrl: body.callbackUrl,
    events: body.events,
    modifiedAt: call.now,
    status: 'NEW_NOT_VERIFIED',
    disabledDetails: undefined,
    sharedSecret: newSecret(),
    sinceChallenge: 0,
    lastAttemptAt: undefined,
    lastAttemptRetries: 0,
    lastSuccessAt: undefined,
  };
  call.world.dispatcher.add(hook);
  return success({ result: webhookView(call, hook) });
}

/** `GET /webhooks/{id}`. */
export function getWebhook(call: Call): object {
  return webhookView(call, ownHook(call));
}

/** `GET /webhooks`: newest first, without totals, and every filter reads `*.*` (reference §1.1). */
export function listWebhooks(call: Call): object {
  const pageSize = Math.min(call.number('pageSize') ?? 100, 10_000) || 100;
  const pageNumber = Math.max(1, call.number('page') ?? 1);
  const own = call.world.dispatcher.hooks().filter(({ ownerId }) => ownerId === call.user.id);
  const newestFirst = own.reverse().sort((left, right) => right.createdAt - left.createdAt);
  const data = newestFirst.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
  return {
    pageNumber,
    pageSize,
    totalPages: -1,
    totalCount: -1,
    data: data.map((hook) => ({ ...webhookView(call, hook), events: ['*.*'] })),
  };
}

/** `PUT /webhooks/{id}`: does not answer before the challenge is over (reference §2.5, §2.10). */
export async function updateWebhook(call: Call): Promise<object> {
  const hook = ownHook(call);
  const { name, callbackUrl, enabled, events } = call.body(changedWebhookSchema);
  if (events !== undefined) checkFilter(call, events);
  if (callbackUrl !== undefined) checkCallbackUrl(call, callbackUrl);
  if (enabled === true) mayBeEnabled(call, hook);
  const wasEnabled = hook.status === 'ENABLED';
  const moved = callbackUrl !== undefined && callbackUrl !== hook.callbackUrl;
  hook.name = name ?? hook.name;
  hook.callbackUrl = callbackUrl ?? hook.callbackUrl;
  hook.events = events ?? hook.events;
  hook.modifiedAt = call.now;
  if (enabled === false)
    call.world.dispatcher.setStatus(hook, 'DISABLED_BY_OWNER', 'The webhook was disabled by its owner.');
  else if ((enabled === true && !wasEnabled) || (wasEnabled && moved)) await call.world.dispatcher.verify(hook);
  return success({ result: webhookView(call, hook) });
}

export function deleteWebhook(call: Call): object {
  call.world.dispatcher.remove(ownHook(call));
  return success();
}

/** `POST /webhooks/{id}/resetsharedsecret`. The old secret is gone at once. */
export function resetSharedSecret(call: Call): object {
  const hook = ownHook(call);
  hook.sharedSecret = newSecret();
  hook.modifiedAt = call.now;
  return success({ result: { sharedSecret: hook.sharedSecret } });
}

function ownHook(call: Call): Webhook {
  const hook = call.world.dispatcher.line(call.id('webhookId'))?.hook;
  if (hook === undefined || hook.ownerId !== call.user.id) throw notFound();
  return hook;
}

function mayBeEnabled(call: Call, hook: Webhook): void {
  const sheet = call.world.office.sheets.get(hook.sheetId);
  if (hook.status === 'DISABLED_ADMINISTRATIVE') {
    throw new SmartsheetRefusal(403, 1154, 'The webhook was disabled by an administrator and cannot be enabled.');
  }
  if (hook.status === 'DISABLED_APP_REVOKED') {
    throw new SmartsheetRefusal(403, 1153, 'The webhook cannot be enabled: the access of its app was revoked.');
  }
  if (
    sheet === undefined ||
    !call.world.office.may(hook.ownerId, sheet, 'VIEWER') ||
    hook.status === 'DISABLED_SCOPE_INACCESSIBLE'
  ) {
    throw new SmartsheetRefusal(404, 1151, 'The sheet of the webhook is not accessible to its owner.');
  }
  if (hook.status === 'DISABLED_EXCEEDED_GRID_LIMITS' && call.world.dispatcher.tooLarge(sheet)) {
    throw new SmartsheetRefusal(403, 1004, 'The sheet of the webhook is still larger than webhooks support.');
  }
}

/** Smartsheet Gov takes everything or nothing (reference §2.2). */
function checkFilter(call: Call, events: readonly string[]): void {
  if (call.world.plan.region !== 'gov' || events.every((pattern) => pattern === '*.*')) return;
  throw new SmartsheetRefusal(400, 1031, 'The value of the attribute events is invalid: only ["*.*"] is supported.');
}

const PORTS = ['', '443', '8000', '8008', '8080', '8443'];

/** Any http(s) address, unless the sandbox is told to be strict: then HTTPS and one of Smartsheet's ports. */
function checkCallbackUrl(call: Call, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  const passes = call.world.settings.strictCallbackUrls
    ? url?.protocol === 'https:' && PORTS.includes(url.port) && !isPrivate(url.hostname)
    : isHttp;
  if (!passes)
    throw new SmartsheetRefusal(
      400,
      1152,
      'The callbackUrl is not supported: it must be HTTPS, public, on port 443, 8000, 8008, 8080 or 8443.',
    );
}

function isPrivate(hostname: string): boolean {
  return /^(localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(hostname);
}

function newSecret(): string {
  return randomBytes(16).toString('hex').slice(0, 26);
}

function webhookView(call: Call, hook: Webhook): object {
  const numeric = call.flag('numericDates');
  const stats = hook.lastAttemptAt === undefined ? {} : { stats: statsOf(hook, hook.lastAttemptAt, numeric) };
  return {
    id: hook.id,
    name: hook.name,
    scope: 'sheet',
    scopeObjectId: hook.sheetId,
    ...(hook.columnIds.length === 0 ? {} : { subscope: { columnIds: hook.columnIds } }),
    events: hook.events,
    callbackUrl: hook.callbackUrl,
    sharedSecret: hook.sharedSecret,
    enabled: hook.status === 'ENABLED',
    status: hook.status,
    ...(hook.disabledDetails === undefined ? {} : { disabledDetails: hook.disabledDetails }),
    ...stats,
    version: 1,
    createdAt: moment(hook.createdAt, numeric),
    modifiedAt: moment(hook.modifiedAt, numeric),
  };
}

function statsOf(hook: Webhook, lastAttemptAt: number, numeric: boolean): object {
  return {
    lastCallbackAttempt: moment(lastAttemptAt, numeric),
    lastCallbackAttemptRetryCount: hook.lastAttemptRetries,
    ...(hook.lastSuccessAt === undefined ? {} : { lastSuccessfulCallback: moment(hook.lastSuccessAt, numeric) }),
  };
}
