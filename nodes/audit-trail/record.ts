import { receive, type Emit, type Params, type Status } from '../../lib/define';
import { BillingAuditError } from '../../lib/errors';
import { auditEvent, type AuditEvent, type RecordedEvent, type recordedEvent } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import type { ArchivedMonth } from '../../lib/store/store';
import type { archivedMonth } from './archived-month';
import type { auditTrailFields } from './fields';
import { type LimitedQuery, queryFrom } from './query';

type Recorded = Emit<{ recorded: typeof recordedEvent; archived: typeof archivedMonth }>;

/** How many events are read at a time. */
const PAGE = 500;

/** The store took an event and did not say where it stands. */
export class NotRecorded extends BillingAuditError {
  readonly code = 'not_recorded';
  readonly hint = 'The change is handed out again by itself; if this repeats, run billing-audit doctor.';

  constructor(eventKey: string) {
    super(`The store did not confirm the event ${eventKey}.`, { event_key: eventKey });
  }
}

/**
 * Records an event in the trail, or reads events from it, as the node's operation says.
 * @returns the recorded event with its `timestamp`, `stream` and `seq`; or the events found, in order, and the archived
 *   months in which there may be more
 * @throws WrongMessageType  when the message is not what the operation takes
 * @throws StoreUnavailable  nothing is lost: a change that is not recorded is handed out again
 */
export async function useTrail(
  input: unknown,
  params: Params<typeof auditTrailFields>,
  { store }: Pick<Ports, 'store'>,
): Promise<Recorded> {
  if (params.operation === 'append') {
    const event = namingTheScript(receive(auditEvent, input), params.scriptAccount);
    return { recorded: await record(event, store) };
  }
  const query = queryFrom(input, params);
  if (params.operation === 'recent') return { recorded: await store.recent({ limit: query.limit }) };
  return search(query, store);
}

/** The script that has written the audit sheet so far is a program with a name, not a person. */
function namingTheScript(event: AuditEvent, account: string): AuditEvent {
  const isScript = account.trim() !== '' && event.changed_by?.toLowerCase() === account.trim().toLowerCase();
  if (!isScript) return event;
  return { ...event, changed_by_kind: 'automation', user_agent: event.user_agent ?? 'audit_billing_changes.py' };
}

/** Appends one event. Doing so again changes nothing and gives the same place. */
async function record(event: AuditEvent, store: Ports['store']): Promise<RecordedEvent> {
  const [appended] = await store.append([event]);
  if (appended?.event_key !== event.event_key) throw new NotRecorded(event.event_key);
  const { timestamp, stream, seq } = appended;
  return { ...event, timestamp, stream, seq };
}

async function search(query: LimitedQuery, store: Ports['store']): Promise<Recorded> {
  const found: AuditEvent[] = [];
  let after = query.after;
  let archived: readonly ArchivedMonth[] | undefined;
  do {
    const limit = Math.min(PAGE, query.limit - found.length);
    const page = await store.search({ ...query, limit, ...(after === undefined ? {} : { after }) });
    found.push(...page.events);
    ({ archived } = page);
    // A page without an event may have a next one, further on; a store that does not come further must not keep us asking.
    after = page.next === after ? undefined : (page.next ?? undefined);
  } while (after !== undefined && found.length < query.limit);
  return {
    recorded: found,
    ...(archived !== undefined &&
      archived.length > 0 && {
        archived: archived.map(({ month, file, sha256, events }) => ({ month, file, sha256, events })),
      }),
  };
}

/** Where the event stands, or how many were found, and that there may be more in archives. */
export function trailStatus({ recorded, archived }: Recorded): Status {
  const events: readonly RecordedEvent[] = recorded === undefined ? [] : [recorded].flat();
  const [first] = events;
  if (first?.seq !== undefined) return { state: 'ok', text: `recorded as no. ${first.seq}` };
  const text = events.length === 1 ? '1 event' : `${events.length} events`;
  const months = archived === undefined ? 0 : [archived].flat().length;
  if (months === 0) return { state: 'ok', text };
  return { state: 'warning', text: `${text}; ${months === 1 ? '1 archive' : `${months} archives`} not searched` };
}
