import { z } from 'zod';
import { bySchema, idSchema, type Visit } from './visit';
import { ControlRefusal } from '../errors';
import { planSchema } from '../plan';

/**
 * `POST /sandbox/plan` any of `{region, eventReporting, rowMoves, sharing}` -> all of them. `sharing` is `open` (whoever
 * no share names is an ADMIN) or `shares` (whoever no share names sees nothing).
 */
export function setPlan(visit: Visit): object {
  const { sharing, ...wanted } = visit.body(planSchema.extend({ sharing: z.enum(['open', 'shares']).optional() }));
  const { plan, office } = visit.world;
  Object.assign(plan, Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)));
  if (sharing !== undefined) office.access.mode = sharing;
  return { ...plan, sharing: office.access.mode };
}

/** `GET /sandbox/activity`: every event that reports can tell of, oldest first. */
export function listActivity(visit: Visit): object {
  return { events: visit.world.activity.events };
}

const activitySchema = z.strictObject({
  objectType: z.string().regex(/^[A-Z_]+$/),
  action: z.string().regex(/^[A-Z_]+$/),
  objectId: z.union([z.int(), z.string()]).optional(),
  sheetId: idSchema.optional(),
  details: z.record(z.string(), z.unknown()).default({}),
  ...bySchema,
});

/**
 * `POST /sandbox/activity {objectType, action, objectId?, sheetId?, details?, by?, ip?, source?, at?}`: what no save
 * shows, for example `USER` `LOGIN` or `SHEET` `EXPORT`. -> the event; 409 while the plan has no event reporting
 */
export function noteActivity(visit: Visit): object {
  const { objectType, action, details, ...body } = visit.body(activitySchema);
  const by = visit.saveBy(body);
  const sheet = body.sheetId === undefined ? undefined : visit.sheet(body.sheetId);
  const about = sheet === undefined ? {} : { sheetId: sheet.id };
  const objectId = body.objectId ?? sheet?.id ?? by.userId;
  const named = sheet === undefined ? details : { sheetName: sheet.name, ...details };
  const event = visit.world.activity.note({ objectType, action, objectId, details: named, ...about }, by);
  if (event !== undefined) return event;
  throw new ControlRefusal(
    'The plan has no event reporting.',
    'POST /sandbox/plan {"eventReporting": true} first.',
    409,
  );
}
