import { z } from 'zod';
import { ControlRefusal } from '../errors';
import { WEBHOOK_STATUSES, type Webhook } from '../webhooks/types';
import type { Line } from '../webhooks/line';
import type { Visit } from './visit';

const count = z.int().min(0).max(100_000);
const faultsSchema = z.strictObject({
  dropNext: count.optional(),
  doubleNext: count.optional(),
  reorderNext: count.optional(),
  breakSignatureNext: count.optional(),
  delaySeconds: z.number().min(0).max(86_400).optional(),
  stripZeros: z.boolean().optional(),
  forgetHistory: z.boolean().optional(),
  failNext: z
    .strictObject({
      status: z.int().min(400).max(599).optional(),
      errorCode: z.int().optional(),
      body: z.enum(['json', 'html', 'none']).optional(),
      retryAfterSeconds: z.int().min(0).max(86_400).optional(),
      holdSeconds: z.number().min(0).max(3_600).optional(),
      cut: z.enum(['reset', 'hold']).optional(),
      afterDoing: z.boolean().optional(),
      count: z.int().min(1).default(1),
      path: z.string().startsWith('/').optional(),
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    })
    .nullable()
    .optional(),
});

/** `POST /sandbox/faults`: sets the faults that the body names, leaves the others. -> all faults as they are now */
export function setFaults(visit: Visit): object {
  const wanted = visit.body(faultsSchema);
  const named = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  return Object.assign(visit.world.dispatcher.faults, named);
}

/** `POST /sandbox/clock {advanceSeconds}`: moves the clock on and fires what becomes due. -> `{now}` */
export async function moveClock(visit: Visit): Promise<object> {
  const { advanceSeconds } = visit.body(
    z.strictObject({
      advanceSeconds: z
        .number()
        .min(0)
        .max(10 * 366 * 86_400),
    }),
  );
  const { clock, dispatcher } = visit.world;
  visit.world.movedByHand += advanceSeconds * 1_000;
  await clock.advanceTo(clock.now() + advanceSeconds * 1_000, () => dispatcher.quiet());
  return { now: new Date(clock.now()).toISOString() };
}

/** `POST /sandbox/settle`: ends windows, waits for every callback, retries included (moving the clock to them). */
export async function settle(visit: Visit): Promise<object> {
  await visit.world.dispatcher.settle();
  return { now: new Date(visit.world.clock.now()).toISOString(), undelivered: 0 };
}

/** `GET /sandbox/webhooks`: every hook of every owner, with its deliveries. */
export function listHooks(visit: Visit): object {
  const { dispatcher } = visit.world;
  return { webhooks: dispatcher.hooks().map((hook) => hookView(visit, hook, dispatcher.line(hook.id))) };
}

/** `POST /sandbox/webhooks/:webhookId/disable {status}`. SCOPE_INACCESSIBLE is told to the receiver, as documented. */
export function disableHook(visit: Visit): object {
  const statuses = WEBHOOK_STATUSES.filter((status) => status.startsWith('DISABLED'));
  const { status } = visit.body(z.strictObject({ status: z.enum(statuses) }));
  const hook = hookOf(visit);
  if (status === 'DISABLED_SCOPE_INACCESSIBLE') visit.world.dispatcher.setAccessibleByHand(hook, false);
  else visit.world.dispatcher.setStatus(hook, status, 'The sandbox was asked to disable the webhook.');
  return hookView(visit, hook, visit.world.dispatcher.line(hook.id));
}

/** `POST /sandbox/webhooks/:webhookId/restore`: gives an inaccessible sheet back; the receiver is told. */
export function restoreHook(visit: Visit): object {
  const hook = hookOf(visit);
  if (hook.status !== 'DISABLED_SCOPE_INACCESSIBLE') {
    throw new ControlRefusal(
      `The webhook is ${hook.status}.`,
      'Only DISABLED_SCOPE_INACCESSIBLE comes back by itself; enable others with PUT /2.0/webhooks/{id}.',
      409,
    );
  }
  visit.world.dispatcher.setAccessibleByHand(hook, true);
  return hookView(visit, hook, visit.world.dispatcher.line(hook.id));
}

function hookOf(visit: Visit): Webhook {
  const hook = visit.world.dispatcher.line(visit.id('webhookId'))?.hook;
  if (hook === undefined)
    throw new ControlRefusal('There is no such webhook.', 'GET /sandbox/webhooks lists them.', 404);
  return hook;
}

function hookView(visit: Visit, hook: Webhook, line: Line | undefined): object {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    id: hook.id,
    name: hook.name,
    sheetId: hook.sheetId,
    owner: visit.world.office.people.writer(hook.ownerId).email,
    callbackUrl: hook.callbackUrl,
    columnIds: hook.columnIds,
    events: hook.events,
    status: hook.status,
    why: hook.disabledDetails ?? null,
    lastAttemptAt: time(hook.lastAttemptAt),
    undelivered: line?.undelivered ?? 0,
    deliveries: (line?.log ?? []).map((delivery) => ({
      ...delivery,
      madeAt: time(delivery.madeAt),
      attempts: delivery.attempts.map(({ at, status }) => ({ at: time(at), status })),
    })),
  };
}
