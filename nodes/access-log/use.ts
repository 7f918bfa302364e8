import { KINDS_OF, type AccessEvent, type AccessGroup, type AccessKind, type signIn } from '../../lib/access';
import { receive, type Emit, type Params, type Status } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { Ports } from '../../lib/ports';
import type { AccessQuery } from '../../lib/store/access';
import { MOST_EVENTS, USUAL_EVENTS, type accessLogFields } from './fields';
import { accessToRecord, accessQuestion, eventOf, instantOf } from './wires';

export type Given = Emit<{ signIn: typeof signIn }>;
export type Asked = Params<typeof accessLogFields>;
type Lent = Pick<Ports, 'store' | 'nodeId' | 'now'>;

/** How many events are read at a time. */
const PAGE = 500;

/**
 * Gives what is new, searches the log, or records an event that a program tells of.
 * @returns events: new ones in the order of the log, found ones the newest first
 * @throws WrongMessageType  when the message is not what the operation takes
 * @throws BadSetting        for a field that cannot be used
 * @throws StoreUnavailable  nothing was recorded or passed over
 */
export async function useAccessLog(input: unknown, params: Asked, ports: Lent): Promise<Given> {
  switch (params.operation) {
    case 'new':
      return { signIn: await newEvents(params, ports, checkedLimit(params.limit)) };
    case 'search':
      return { signIn: await search(input, params, ports) };
    case 'record':
      return { signIn: await record(input, ports) };
  }
}

/** The kinds behind the groups that were chosen; none chosen are all. */
export function kindsOf(groups: readonly string[]): readonly AccessKind[] {
  return groups.flatMap((group) => [...(KINDS_OF[group as AccessGroup] ?? [])]);
}

/** What came since this node gave the last; the first time it begins with what comes from now on. */
export async function newEvents(
  params: Pick<Asked, 'kinds'>,
  { store, nodeId }: Pick<Lent, 'store' | 'nodeId'>,
  limit: number,
): Promise<readonly AccessEvent[]> {
  const reader = `node:${nodeId ?? 'without an id'}`;
  const known = await store.accessReader(reader);
  const position = known?.position ?? null;
  if (position === null) {
    const { last_seq } = await store.accessEvents({ limit: 1 });
    await store.recordAccess({ events: [], reader: { reader, position: String(last_seq) } });
    return [];
  }
  const after = Number(position);
  const kinds = kindsOf(params.kinds);
  const size = Math.min(limit, PAGE);
  const { events, last_seq } = await store.accessEvents({
    after_seq: after,
    limit: size,
    ...(kinds.length > 0 && { kinds }),
  });
  // A full page ends where its last event stands; else all that there was has been looked at.
  const reached = events.length === size ? (events.at(-1)?.seq ?? after) : Math.max(last_seq, after);
  if (reached !== after) await store.recordAccess({ events: [], reader: { reader, position: String(reached) } });
  return events;
}

async function search(input: unknown, params: Asked, { store }: Lent): Promise<readonly AccessEvent[]> {
  const asked = isAsking(input) ? receive(accessQuestion, input) : {};
  const limit = asked.limit ?? checkedLimit(params.limit);
  const kinds = asked.kinds ?? kindsOf(params.kinds);
  const query: AccessQuery = {
    ...given({ person: params.person, text: params.text, from: time(params.from, 'From'), to: time(params.to, 'To') }),
    ...given(asked),
    ...(kinds.length > 0 && { kinds }),
  };
  const events: AccessEvent[] = [];
  let after: string | null = null;
  do {
    const mark: { readonly after?: string } = after === null ? {} : { after };
    const page = await store.accessEvents({ ...query, ...mark, limit: Math.min(PAGE, limit - events.length) });
    events.push(...page.events);
    after = page.next;
  } while (after !== null && events.length < limit);
  return events;
}

/** Doing so again with the same event changes nothing. */
async function record(input: unknown, { store, now }: Lent): Promise<AccessEvent> {
  const present = new Date(now()).toISOString();
  const { id, ...event } = eventOf(receive(accessToRecord, input), present);
  const [recorded] = await store.recordAccess({ events: [{ id, ...event }] });
  const { event_key, seq } = recorded ?? { event_key: `access:${event.kind}:${id}`, seq: 1 };
  if (recorded?.is_new === false) {
    const { events } = await store.accessEvents({ after_seq: seq - 1, limit: 1 });
    if (events[0]?.event_key === event_key) return events[0];
  }
  return { ...event, event_key, seq, timestamp: present };
}

function isAsking(input: unknown): input is object {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function time(text: string, field: string): string | undefined {
  if (text.trim() === '') return undefined;
  const instant = instantOf(text.trim());
  if (instant !== null) return instant;
  throw new BadSetting(field, `is "${text}"`, 'Give a time with its zone, such as 2026-01-31T00:00:00Z.');
}

function checkedLimit(limit: number | null): number {
  const wanted = limit ?? USUAL_EVENTS;
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_EVENTS) return wanted;
  throw new BadSetting('At most', `is ${String(limit)}`, `Give a whole number from 1 to ${MOST_EVENTS}.`);
}

/** Leaves out what is empty. */
function given<Query extends object>(query: Query): { [Name in keyof Query]?: Exclude<Query[Name], undefined> } {
  const told = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(told) as { [Name in keyof Query]?: Exclude<Query[Name], undefined> };
}

/** What was given, in a few words. */
export function accessStatus({ signIn: told }: Given): Status {
  const events = told === undefined ? [] : [told].flat();
  const [only] = events;
  if (events.length === 1 && only) return { state: 'ok', text: only.happened ?? only.kind };
  return { state: 'ok', text: events.length === 0 ? 'nothing new' : `${events.length} events` };
}
