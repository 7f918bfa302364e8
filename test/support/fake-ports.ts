import type { ModelDesk } from '../../lib/runtime/models/desk';
import type { AccessEvent, NewAccessEvent } from '../../lib/access';
import { createHash } from 'node:crypto';
import type { AuditEvent } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { type BillingSettings, defaultSettings } from '../../lib/settings';
import type { Approval, KnownRow, KnownSheet, NewApproval, Person, Store } from '../../lib/store/store';

/** What a fake store answers from. */
export interface FakeFacts {
  readonly approvals?: readonly Approval[];
  readonly people?: readonly Person[];
  readonly earlier?: readonly { readonly changed_by: string; readonly changed_at: string }[];
  readonly sheets?: readonly (KnownSheet & { readonly rows: readonly KnownRow[] })[];
  readonly trail?: readonly AuditEvent[];
  readonly access?: readonly NewAccessEvent[];
}

export interface FakeOptions {
  readonly facts?: FakeFacts;
  readonly settings?: BillingSettings;
  readonly now?: string;
  /** Gets each warning. */
  readonly warned?: string[];
  /** Gets each request for approvals. */
  readonly asked?: unknown[];
  /** Gets each approval that is recorded. */
  readonly approved?: NewApproval[];
}

/** Ports over plain lists, for the pure functions; whatever a node has no business with refuses to be used. */
export function fakePorts({
  facts = {},
  settings = defaultSettings,
  now,
  warned = [],
  asked = [],
  approved = [],
}: FakeOptions = {}): Ports {
  const present = Date.parse(now ?? '2026-02-03T18:00:00.000Z');
  const store: FakeStore = {
    ...fakeStore(facts, new Date(present).toISOString(), asked),
    approve: async (approval) => ({ ...approval, id: String(approved.push(approval)) }),
  };
  const isRecorded = (key: string): boolean => (facts.trail ?? []).some(({ event_key }) => event_key === key);
  return refusing<Ports>({
    store: refusing<Store>(store),
    alerts: {
      enlist: () => Promise.resolve(() => Promise.resolve()),
      raise: async (_rule, alerts) => ({
        unrecorded: alerts.map(({ eventKey }) => eventKey).filter((key) => !isRecorded(key)),
      }),
    },
    // No model is in force.
    models: refusing<ModelDesk>({ judge: () => Promise.resolve(null) }),
    nodeId: 'node',
    credentials: {},
    settings,
    now: () => present,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string) => void warned.push(message),
      error: () => undefined,
    },
  });
}

type FakeStore = Pick<
  Store,
  | 'approvals'
  | 'approve'
  | 'personFacts'
  | 'sheet'
  | 'knownRows'
  | 'append'
  | 'recent'
  | 'search'
  | 'marks'
  | 'judgements'
  | 'mark'
  | 'recordAccess'
  | 'accessReader'
  | 'accessEvents'
  | 'keepInForce'
>;

function fakeStore(facts: FakeFacts, present: string, asked: unknown[]): Omit<FakeStore, 'approve'> {
  const trail = [...(facts.trail ?? [])];
  const sheet = (sheetId: string) => (facts.sheets ?? []).find(({ sheet_id }) => sheet_id === sheetId) ?? null;
  return {
    ...fakeAccess(facts.access ?? [], present),
    approvals: async (request) => {
      asked.push(request);
      return facts.approvals ?? [];
    },
    personFacts: async (request) => personFacts(facts, request),
    sheet: async (sheetId) => sheet(sheetId),
    knownRows: async (sheetId) => sheet(sheetId)?.rows ?? [],
    append: async (events) =>
      events.map((event) => {
        const at = trail.findIndex(({ event_key }) => event_key === event.event_key);
        const seq = at >= 0 ? at + 1 : trail.push({ ...event, timestamp: present });
        const { event_key, sheet_id } = event;
        return { event_key, stream: `sheet:${sheet_id}`, seq, timestamp: present, is_new: at < 0 };
      }),
    keepInForce: async (texts) => texts.map(({ text }) => createHash('sha256').update(text).digest('hex')),
    marks: async () => [],
    judgements: async () => [],
    mark: () => Promise.reject(new Error('These lists keep no verdicts.')),
    recent: async ({ limit }) => trail.toReversed().slice(0, limit),
    search: async ({ limit = 100, after = '0', changed_by, severity }) => {
      const matching = trail
        .toReversed()
        .filter((event) => changed_by === undefined || event.changed_by === changed_by)
        .filter((event) => severity === undefined || event.severity === severity);
      const end = Number(after) + limit;
      return { events: matching.slice(Number(after), end), next: end < matching.length ? String(end) : null };
    },
  };
}

function fakeAccess(
  known: readonly NewAccessEvent[],
  present: string,
): Pick<Store, 'recordAccess' | 'accessReader' | 'accessEvents'> {
  const log: AccessEvent[] = [];
  const readers = new Map<string, string>();
  const keep = ({ id, ...event }: NewAccessEvent): { event_key: string; seq: number; is_new: boolean } => {
    const event_key = `access:${event.kind}:${id}`;
    const at = log.findIndex((each) => each.event_key === event_key);
    const seq = at >= 0 ? at + 1 : log.push({ ...event, event_key, seq: log.length + 1, timestamp: present });
    return { event_key, seq, is_new: at < 0 };
  };
  known.forEach(keep);
  return {
    recordAccess: async ({ events, reader }) => {
      if (reader?.position) readers.set(reader.reader, reader.position);
      return events.map(keep);
    },
    accessReader: async (reader) => {
      const position = readers.get(reader);
      return position === undefined ? null : { reader, position, state: 'ok', why: '', read_at: present };
    },
    accessEvents: async ({ kinds = [], person, after_seq, limit = 100 }) => {
      const found = log
        .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
        .filter((event) => person === undefined || event.person === person)
        .filter(({ seq }) => seq > (after_seq ?? 0));
      const events = after_seq === undefined ? found.toReversed() : found;
      return { events: events.slice(0, limit), next: null, last_seq: log.length };
    },
  };
}

function personFacts(
  { people = [], earlier = [] }: FakeFacts,
  { person, at, withinMinutes }: Parameters<Store['personFacts']>[0],
): Awaited<ReturnType<Store['personFacts']>> {
  const known = people.find(({ email }) => email === person);
  const times = earlier
    .filter(({ changed_by, changed_at }) => changed_by === person && changed_at < at)
    .map(({ changed_at }) => changed_at)
    .sort();
  const since = Date.parse(at) - withinMinutes * 60_000;
  return {
    access_level: known?.access_level ?? null,
    last_review_at: known?.last_review_at ?? null,
    last_active_at: times.at(-1) ?? null,
    changes_in_window: 1 + times.filter((time) => Date.parse(time) > since).length,
  };
}

/** The same parts, and an error that names any other part that is asked for. */
function refusing<Whole extends object>(parts: Partial<Whole>): Whole {
  return new Proxy(parts, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name) as unknown;
      throw new Error(`A node asked for ${String(name)}, which it has no business with.`);
    },
  }) as Whole;
}
