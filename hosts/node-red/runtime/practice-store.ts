import type { AuditEvent } from '../../../lib/event/audit-event';
import { BillingAuditError } from '../../../lib/errors';
import type { AccessStore } from '../../../lib/store/access';
import type { DirectoryStore } from '../../../lib/store/directory';
import type { JobStore } from '../../../lib/store/jobs';
import { type DashboardStore, emptyOverview, NO_EVIDENCE } from '../../../lib/store/overview';
import { NO_PATTERNS } from '../../../lib/store/patterns';
import type { Store } from '../../../lib/store/store';

/** Trying a node out must not reach the outside. */
export class NotWhileTrying extends BillingAuditError {
  readonly code = 'not_while_trying';
  readonly hint = 'Deploy the node and send it a message to see this part at work.';

  constructor(what: string) {
    super(`An example is tried out without ${what}.`, { what });
  }
}

const nothing = (): Promise<void> => Promise.resolve();
const none = (): Promise<readonly never[]> => Promise.resolve([]);

/**
 * A store for one try: it knows nobody and no approval, keeps what is appended to itself, and is forgotten afterwards.
 * @param now  milliseconds since 1970, for the time an event is stored
 */
export function practiceStore(now: () => number): Store {
  const events: AuditEvent[] = [];
  return {
    ...intakeOfNothing(),
    ...jobsOfNobody(),
    ...accessOfNobody(),
    ...directoryOfNobody(),
    append: (appended) => {
      const timestamp = new Date(now()).toISOString();
      events.push(...appended.map((event) => ({ ...event, timestamp })));
      return Promise.resolve(
        appended.map(({ event_key, sheet_id }, index) => ({
          event_key,
          stream: `sheet:${sheet_id}`,
          seq: events.length - appended.length + index + 1,
          timestamp,
          is_new: true,
        })),
      );
    },
    recent: ({ limit }) => Promise.resolve(events.toReversed().slice(0, limit)),
    search: () => Promise.resolve({ events: events.toReversed(), next: null }),
    keepInForce: none,
    inForce: none,
    approvals: none,
    approve: (approval) => Promise.resolve({ ...approval, id: '0' }),
    personFacts: () =>
      Promise.resolve({ access_level: null, last_review_at: null, last_active_at: null, changes_in_window: 1 }),
    savePeople: nothing,
    ...dashboardOfNothing(now),
    counts: () =>
      Promise.resolve({
        callbacks_waiting: 0,
        callbacks_dead: 0,
        changes_waiting: 0,
        changes_leased: 0,
        changes_provisional: 0,
        changes_dead: 0,
        events: events.length,
        events_in_all: events.length,
        events_in_rest: null,
        in_rest_since: null,
        oldest_waiting_at: null,
      }),
  };
}

function dashboardOfNothing(now: () => number): DashboardStore {
  return {
    overview: (query) => Promise.resolve(emptyOverview(query)),
    needsLook: () => Promise.resolve({ events: [], next: null }),
    mark: ({ event_key, mark, reason, by }) =>
      Promise.resolve({ event_key, mark, reason, by, marked_at: new Date(now()).toISOString() }),
    marks: none,
    judge: ({ event_key, verdict, by, note = '', incident = null, category = null }) =>
      Promise.resolve({ event_key, verdict, by, note, incident, category, marked_at: new Date(now()).toISOString() }),
    judgements: none,
    event: () => Promise.resolve(null),
    alerts: () => Promise.resolve({ total: 0, unread: 0, alerts: [] }),
    seenAlerts: ({ by }) => Promise.resolve({ by, seen: 0, total: 0 }),
    promise: () => Promise.resolve({ normal: [], problems: [], rules: [] }),
    patterns: () => Promise.resolve(NO_PATTERNS),
    watchTroubles: none,
    evidence: () => Promise.resolve(NO_EVIDENCE),
    deadBySheet: () => Promise.resolve({ total: 0, sheets: [] }),
    tryDeadAgain: ({ by }) => Promise.resolve({ replayed: 0, by }),
  };
}

/** Takes an access event as if it were recorded, and knows of none. */
function accessOfNobody(): AccessStore {
  return {
    recordAccess: ({ events }) =>
      Promise.resolve(
        events.map(({ kind, id }, index) => ({ event_key: `access:${kind}:${id}`, seq: index + 1, is_new: true })),
      ),
    accessReader: () => Promise.resolve(null),
    accessEvents: () => Promise.resolve({ events: [], next: null, last_seq: 0 }),
    accessOverview: () => Promise.resolve({ counts: {}, people: [], readers: [] }),
    originCandidates: () => Promise.resolve({ changes: [], sessions: [], next: null }),
    recordOrigins: () => Promise.resolve(0),
  };
}

function directoryOfNobody(): DirectoryStore {
  return {
    directory: () => Promise.resolve({ people: [], source: null, mark: '' }),
    takePeople: () => Promise.resolve({ added: 0, changed: 0, made_inactive: 0 }),
  };
}

/** What a server does for a node it does for real, so an example must not ask it. */
function jobsOfNobody(): JobStore {
  const refuse = (): Promise<never> => Promise.reject(new NotWhileTrying('a server that does jobs'));
  return {
    requestJob: refuse,
    job: () => Promise.resolve(null),
    jobs: none,
    leaseJob: () => Promise.resolve(null),
    reportJob: refuse,
    finishJob: refuse,
    failJob: refuse,
    withdrawJob: refuse,
  };
}

type Intake = Omit<
  Store,
  | keyof AccessStore
  | keyof JobStore
  | keyof DashboardStore
  | keyof DirectoryStore
  | 'append'
  | 'recent'
  | 'search'
  | 'keepInForce'
  | 'inForce'
  | 'approvals'
  | 'approve'
  | 'personFacts'
  | 'savePeople'
  | 'counts'
>;

function intakeOfNothing(): Intake {
  return {
    saveWebhook: nothing,
    webhooks: none,
    forgetWebhook: nothing,
    acceptCallback: () => Promise.resolve({ isNew: true }),
    leaseCallbacks: none,
    renewCallbacks: nothing,
    releaseCallbacks: nothing,
    failCallbacks: nothing,
    deadCallbacks: none,
    replayDead: () => Promise.resolve(0),
    sheet: () => Promise.resolve(null),
    knownRows: none,
    resolve: () => Promise.resolve({ event_keys: [] }),
    unexplained: none,
    knownHangings: () => Promise.resolve({ lists: [], objects: [] }),
    resolveHangings: () => Promise.resolve({ event_keys: [] }),
    leaseChanges: none,
    releaseChanges: nothing,
  };
}
