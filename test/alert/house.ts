import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { type AlertRule, readRoute } from '../../lib/alerts';
import { type Alerting, type AlertingConfiguration, startAlerting } from '../../lib/alerts/start-alerting';
import type { AuditEvent } from '../../lib/event';
import type { HttpRequest } from '../../lib/ports';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import type { PostOffice } from './post-office';
import { event } from './samples';

/** Alerting over a real store, on a clock that a test moves. */
export interface House {
  readonly driver: EmbeddedStoreDriver;
  readonly folder: string;
  /** Milliseconds since 1970; moves only when a test moves it. */
  clock: number;
  readonly alerting: Alerting;
  readonly posted: HttpRequest[];
  readonly logged: string[];
  /** Another process on the same store, as far as the store can tell. */
  second(configuration?: Partial<AlertingConfiguration>): Alerting;
  record(events: readonly AuditEvent[]): Promise<void>;
  /** Moves the clock and lets both loops look. */
  later(minutes: number): void;
  /** Resolves when every event is decided and no mail is due. */
  settled(): Promise<void>;
  outbox(): Promise<Awaited<ReturnType<Alerting['health']>>['outbox']>;
  close(): Promise<void>;
}

let worker: string | null = null;

export const rule = (over: Partial<AlertRule> = {}): AlertRule => ({
  ruleId: 'node-1',
  recipients: ['manager@example.com'],
  riskFrom: 0.7,
  severityFrom: 'HIGH',
  mailsPerHour: 10,
  groupMinutes: 10,
  findingsADay: null,
  frame: { subjectPrefix: '', timeZone: 'Europe/London', columnAliases: {} },
  ...over,
});

export const routeTo = (office: PostOffice): NonNullable<ReturnType<typeof readRoute>> => {
  const route = readRoute({ url: `smtp://127.0.0.1:${office.port}`, from: 'Billing Audit <audit@example.com>' });
  if (!route) throw new Error('no route');
  return route;
};

export async function openHouse(configuration: Partial<AlertingConfiguration> = {}): Promise<House> {
  const folder = newFolder();
  const driver = await openTestStore(folder, (worker ??= buildStoreWorker()));
  const posted: HttpRequest[] = [];
  const logged: string[] = [];
  const running: Alerting[] = [];
  const say = (message: string): void => void logged.push(message);
  const begin = (own: Partial<AlertingConfiguration>): Alerting => {
    const alerting = startAlerting({
      driver,
      http: (request) => {
        posted.push(request);
        return Promise.resolve({ status: 200, headers: {}, body: 'ok' });
      },
      now: () => house.clock,
      // Looks come quickly; the limit of one try is not part of these tests.
      sleep: (milliseconds, signal) =>
        pause(milliseconds > 100_000 ? 100_000 : 15, undefined, signal ? { signal } : {}),
      random: () => 0,
      log: { debug: say, info: say, warn: say, error: say },
      configuration: {
        practice: false,
        outboxFolder: join(folder, 'outbox'),
        soleOwner: false,
        environment: {},
        dashboardUrl: null,
        ...own,
      },
    });
    running.push(alerting);
    return alerting;
  };
  const house = {
    driver,
    folder,
    clock: Date.parse('2026-02-03T15:30:00.000Z'),
    posted,
    logged,
    second: (own: Partial<AlertingConfiguration> = {}) => begin({ ...configuration, ...own }),
    record: async (events: readonly AuditEvent[]) => {
      await driver.rpc('billing_audit_append', { events });
    },
    later: (minutes: number) => {
      house.clock += minutes * 60_000;
    },
    outbox: async () => (await house.alerting.health()).outbox,
    settled: async () => {
      await until(async () => {
        const { undecided, states, oldest_waiting_at: waits } = await house.outbox();
        return undecided === 0 && !states['sending'] && waits === null;
      }, 'an outbox with nothing due');
    },
    close: async () => {
      await Promise.all(running.map((each) => each.stop()));
      await driver.close();
      removeFolder(folder);
    },
    alerting: null as unknown as Alerting,
  };
  house.alerting = begin(configuration);
  return house;
}

/** Changes of `count` cells, each in a row of its own, by one person in one sheet. */
export function paste(count: number, over: Partial<AuditEvent> = {}): AuditEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({
      row_id: String(7000 + index),
      old_value: String(2000 + index),
      delta: String(-2000 - index),
      ...over,
      event_key: `${over.sheet_id ?? '1'}:${7000 + index}:3:${over.changed_by ?? '1'}`,
    }),
  );
}
