import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors';
import type { Http, Log, Now, Random, Sleep } from '../ports';
import { Bell } from '../runtime/bell';
import type { StoreDriver } from '../store/store';
import { AlertBook } from './book';
import { decideWaiting } from './decider';
import type { AlertDesk } from './desk';
import { fileTransport } from './file-transport';
import { alertingHealth, type AlertingHealth } from './health';
import { RouteTable } from './route-table';
import type { AlertRule } from './rule';
import { MailSender } from './sender';

export interface AlertingConfiguration {
  /** Practice data: mails become files in `outboxFolder` and never reach a mail server, whatever is set. */
  readonly practice: boolean;
  readonly outboxFolder: string;
  /** True when no other process can have this store open: leases of a process that is gone end at once. */
  readonly soleOwner: boolean;
  /** `SMTP_URL` and `ALERT_FROM`, for nodes that name no server of their own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Changes of the whole configuration are told (`lib/weakening`), so that a rule that got weaker is not told twice. */
  readonly configurationIsCompared?: boolean;
  /** Where the dashboard is; null where there is none. */
  readonly dashboardUrl: string | null;
}

export interface AlertingParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
  readonly configuration: AlertingConfiguration;
}

export interface Alerting {
  /** What the Alert node may ask. */
  readonly desk: AlertDesk;
  /** Says that events were recorded. */
  wake(): void;
  /** Says that a mail was put into the outbox by another way than an event. */
  mailWaits(): void;
  /** Ends both loops; a mail under way is given up and tried again by the next who starts. Repeating it is harmless. */
  stop(): Promise<void>;
  health(): Promise<AlertingHealth>;
}

/** Without a wake the loops look by themselves: other processes may record into the same store. */
const LOOK_MILLISECONDS = 15_000;
/** A mail that is due and was not handed out is another's at this moment. */
const SHORTEST_MILLISECONDS = 50;
/** After a failure of the store. */
const PAUSE_MILLISECONDS = 5_000;

/**
 * Starts two loops of their own, so that neither holds the other or the intake up: one decides about recorded events,
 * the other empties the outbox. Both begin with what a crash left.
 */
export function startAlerting(parts: AlertingParts): Alerting {
  const { configuration, now, log } = parts;
  const book = new AlertBook(parts.driver);
  const at = (): string => new Date(now()).toISOString();
  const routes = new RouteTable(configuration.environment, {
    ...(configuration.practice ? { always: fileTransport(configuration.outboxFolder) } : {}),
    log,
  });
  const sender = new MailSender({
    ...parts,
    book,
    name: randomUUID(),
    practice: configuration.practice,
    dashboardLink: linkTo(configuration.dashboardUrl),
    routeFor: (ruleId) => routes.routeFor(ruleId),
    channelFor: (ruleId) => routes.channelFor(ruleId),
  });
  const [decideBell, sendBell] = [new Bell(parts.sleep), new Bell(parts.sleep)];
  const ending = new AbortController();
  // One at a time: two who decide at once would each tell as many findings as a day allows.
  const decideAll = oneAtATime(async () => {
    if (await decideWaiting(book, at, ending.signal)) sendBell.ring();
  });
  const deciding = loop(parts, decideBell, ending.signal, async () => {
    await decideAll();
    return LOOK_MILLISECONDS;
  });
  let reclaimed = !configuration.soleOwner;
  const sending = loop(parts, sendBell, ending.signal, async () => {
    if (!reclaimed) await book.reclaim(at());
    reclaimed = true;
    const next = await sender.sendDue(ending.signal);
    await sender.tellOfTrouble(ending.signal);
    return next === null
      ? LOOK_MILLISECONDS
      : Math.min(Math.max(next - now(), SHORTEST_MILLISECONDS), LOOK_MILLISECONDS);
  });
  return {
    desk: {
      practice: configuration.practice,
      ...deskOver(book, routes, at, {
        quietly: configuration.configurationIsCompared ?? false,
        ring: () => sendBell.ring(),
        decideAll,
      }),
    },
    wake: () => decideBell.ring(),
    mailWaits: () => sendBell.ring(),
    stop: async () => {
      ending.abort();
      await Promise.all([deciding, sending]);
    },
    health: async () => alertingHealth(await book.outbox(at()), routes, sender.lastFailure, configuration.practice),
  };
}

function deskOver(
  book: AlertBook,
  routes: RouteTable,
  at: () => string,
  { quietly, ring, decideAll }: { quietly: boolean; ring: () => void; decideAll: () => Promise<void> },
): AlertDesk {
  const saved = new Map<string, string>();
  const save = async (rule: AlertRule): Promise<void> => {
    const text = JSON.stringify(rule);
    if (saved.get(rule.ruleId) === text) return;
    await book.saveRule(rule, at(), { quietly });
    saved.set(rule.ruleId, text);
  };
  return {
    enlist: async (rule, own) => {
      await save(rule);
      routes.add(rule.ruleId, own);
      ring();
      return async (end) => {
        routes.remove(rule.ruleId, own);
        if (!end?.removed) return;
        saved.delete(rule.ruleId);
        await book.retireRule(rule.ruleId, at(), { quietly });
        ring();
      };
    },
    raise: async (rule, alerts) => {
      await save(rule);
      const told = alerts.map((each) => ({ ...each, ruleId: rule.ruleId }));
      const { raised, unrecorded } = await book.raise(told, [], at());
      if (raised > 0) ring();
      return { unrecorded };
    },
    decided: async (rule, eventKey) => {
      await save(rule);
      await decideAll();
      const { recorded, alert } = await book.decided(eventKey, rule.ruleId);
      return { recorded, told: alert === null || alert.held ? null : alert };
    },
  };
}

/** Runs `act` after those who asked before; each caller hears of their own. */
function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(act);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Runs `turn` until the end, waiting as long as it says or until rung; a failed turn is logged and comes again. */
async function loop(
  { log }: Pick<AlertingParts, 'log'>,
  bell: Bell,
  signal: AbortSignal,
  turn: () => Promise<number>,
): Promise<void> {
  while (!signal.aborted) {
    const pause = await turn().catch((thrown: unknown) => {
      if (!signal.aborted) log.error(`Alerting: ${messageOf(thrown)}`);
      return PAUSE_MILLISECONDS;
    });
    await bell.wait(pause, signal);
  }
}

function linkTo(dashboard: string | null): (eventKey: string | null) => string | null {
  return (eventKey) => {
    if (dashboard === null || !URL.canParse(dashboard)) return null;
    const url = new URL(dashboard);
    if (eventKey !== null) url.searchParams.set('event', eventKey);
    return url.href;
  };
}
