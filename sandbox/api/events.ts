import { z } from 'zod';
import { moment } from './views';
import { SmartsheetRefusal } from '../errors';
import type { Call } from './call';
import type { ReportedEvent } from '../office/activity';

const HOUR = 3_600_000;
const USUAL_COUNT = 1_000;
const MOST_COUNT = 10_000;

/** What is asked for, from either form of the request. */
interface Wanted {
  readonly since: number | undefined;
  readonly to: number | undefined;
  readonly streamPosition: string | undefined;
  readonly maxCount: number;
  readonly numericDates: boolean;
}

/** Where a stream goes on: after an event, and until when if `to` was given. */
const positionSchema = z.tuple([z.int().min(0), z.number().nullable()]);

/** `GET /events`: for system administrators, when the plan includes it (reference §6). */
export function getEvents(call: Call): object {
  mustBeInPlan(call);
  if (!call.user.admin) throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
  return stream(
    call,
    {
      since: call.moment('since'),
      to: call.moment('to'),
      streamPosition: call.request.query.get('streamPosition') ?? undefined,
      maxCount: call.number('maxCount') ?? USUAL_COUNT,
      numericDates: call.flag('numericDates'),
    },
    () => true,
  );
}

const time = z.union([z.string(), z.number()]);
const filteredSchema = z.looseObject({
  sheetIds: z.array(z.int()).default([]),
  workspaceIds: z.array(z.int()).default([]),
  since: time.optional(),
  to: time.optional(),
  streamPosition: z.string().optional(),
  maxCount: z.int().default(USUAL_COUNT),
  numericDates: z.boolean().default(false),
});

/** `POST /filteredEvents`: for everybody, of the sheets and workspaces that one may see; the others are named. */
export function filterEvents(call: Call): object {
  mustBeInPlan(call);
  const { sheetIds, workspaceIds, since, to, streamPosition, ...rest } = call.body(filteredSchema);
  if (sheetIds.length + workspaceIds.length === 0) {
    throw new SmartsheetRefusal(400, 1012, 'Required object attribute(s) are missing: sheetIds or workspaceIds.');
  }
  const { office } = call.world;
  const sheets = new Set(
    sheetIds.filter((id) => {
      const sheet = office.sheets.get(id);
      return sheet !== undefined && office.may(call.user.id, sheet, 'VIEWER');
    }),
  );
  const workspaces = new Set(
    workspaceIds.filter((id) => {
      const workspace = office.containers.get(id);
      return workspace?.kind === 'workspace' && office.access.ofContainer(call.user.id, workspace) !== 'NONE';
    }),
  );
  const concerns = ({ sheetId, objectType, objectId }: ReportedEvent): boolean => {
    if (objectType === 'WORKSPACE') return workspaces.has(Number(objectId));
    if (sheetId === undefined) return false;
    const workspace = office.access.workspaceOf(office.sheets.get(sheetId)?.containerId);
    return sheets.has(sheetId) || (workspace !== undefined && workspaces.has(workspace.id));
  };
  return {
    ...stream(call, { since: timeOf('since', since), to: timeOf('to', to), streamPosition, ...rest }, concerns),
    unavailableSheetIds: sheetIds.filter((id) => !sheets.has(id)),
    unavailableWorkspaceIds: workspaceIds.filter((id) => !workspaces.has(id)),
  };
}

function mustBeInPlan(call: Call): void {
  if (call.world.plan.eventReporting) return;
  throw new SmartsheetRefusal(403, 1013, 'Your plan does not include Event Reporting.');
}

/** A page of the stream. Looks at no more events than it needs, so that a position never skips one. */
function stream(call: Call, wanted: Wanted, concerns: (event: ReportedEvent) => boolean): object {
  const { from, after, until } = beginning(call, wanted);
  const { events, latest } = call.world.activity;
  const isAsked = (event: ReportedEvent): boolean => event.at >= from && event.at < until && concerns(event);
  const found: ReportedEvent[] = [];
  let position = after;
  let moreAvailable = false;
  for (const event of events) {
    if (event.number <= after) continue;
    if (found.length === wanted.maxCount && isAsked(event)) {
      moreAvailable = true;
      break;
    }
    if (isAsked(event)) found.push(event);
    position = event.number;
  }
  const end = moreAvailable ? position : Math.max(position, latest);
  return {
    nextStreamPosition: encoded(end, until === Infinity ? null : until),
    moreAvailable,
    data: found.map((event) => eventView(event, wanted.numericDates)),
  };
}

interface Beginning {
  readonly from: number;
  readonly after: number;
  readonly until: number;
}

/** @throws SmartsheetRefusal 1012, 1018 when it is not exactly one of `since` and `streamPosition`, or one is wrong */
function beginning(call: Call, { since, to, streamPosition, maxCount }: Wanted): Beginning {
  if (maxCount < 1 || maxCount > MOST_COUNT) throw invalid('maxCount', String(maxCount));
  if ((since === undefined) === (streamPosition === undefined)) {
    throw new SmartsheetRefusal(400, 1012, 'Exactly one of since and streamPosition must be given.');
  }
  if (streamPosition !== undefined) {
    if (to !== undefined) throw invalid('to', 'without since');
    const [after, until] = decoded(streamPosition);
    return { from: -Infinity, after, until: until ?? Infinity };
  }
  const from = wholeHour(since ?? 0);
  if (to === undefined || to > call.now) return { from, after: 0, until: Infinity };
  if (to < (since ?? 0)) throw invalid('to', 'before since');
  return { from, after: 0, until: wholeHour(to) };
}

function wholeHour(at: number): number {
  return Math.floor(at / HOUR) * HOUR;
}

function encoded(after: number, until: number | null): string {
  return Buffer.from(JSON.stringify([after, until])).toString('base64url');
}

function decoded(streamPosition: string): z.infer<typeof positionSchema> {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(streamPosition, 'base64url').toString('utf8')));
  } catch {
    throw invalid('streamPosition', streamPosition);
  }
}

function timeOf(name: string, given: string | number | undefined): number | undefined {
  if (given === undefined) return undefined;
  const at = typeof given === 'number' ? given : Date.parse(given);
  if (Number.isNaN(at)) throw invalid(name, String(given));
  return at;
}

function invalid(name: string, text: string): SmartsheetRefusal {
  return new SmartsheetRefusal(400, 1018, `The value '${text}' was not valid for the parameter ${name}.`);
}

function eventView(event: ReportedEvent, numericDates: boolean): object {
  const { eventId, objectType, action, objectId, at, userId, source, details } = event;
  return {
    eventId,
    objectType,
    action,
    objectId: typeof objectId === 'number' ? objectId : -1,
    objectIdStr: String(objectId),
    eventTimestamp: moment(at, numericDates),
    userId,
    requestUserId: userId,
    source,
    additionalDetails: details,
  };
}
