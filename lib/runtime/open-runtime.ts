import type { Alerting } from '../alerts/start-alerting';
import { BillingAuditError, messageOf } from '../errors';
import { sha256Hex } from '../hash';
import type { Log } from '../ports';
import { defaultSettings } from '../settings';
import type { RateLimits } from '../smartsheet';
import type { CallbackInbox, StoreDriver } from '../store';
import { ReportDesk } from './access/report-desk';
import { backupCheck, readBackupNote } from './backup-note';
import { CallbackPump } from './callback-pump';
import { CoverageKeeper } from './coverage-keeper';
import { Emitter } from './emitter';
import { healthOf, inboxCheck, withCheck } from './health';
import { openHome, removeRuntimeNote, serviceKey, writeRuntimeNote, type Home } from './home';
import { thisMachine, type Machine } from './machine';
import { announceHome, openHomeAt, type RuntimeFacts } from './open-homes';
import { openNamedStore, type OpenStore } from './open-store';
import type { Models } from './models/models';
import { withMonths } from './month-keeper';
import { monthsCheck } from './months-check';
import { openModels } from './open-models';
import { portsOf } from './ports-of';
import { recordingStore } from './recording-store';
import { openAlerting, openAuditSheet } from './open-tellers';
import { openSealer } from './open-sealer';
import { putInForce } from './put-in-force';
import type { Sealer } from './sealer';
import type { Health, Runtime, RuntimeOptions, WebhookAnswer, WebhookRequest } from './runtime';
import { DEFAULT_TIMING, type Timing } from './timing';
import { Watches } from './watches';
import { WatchNotices } from './watch-notices';
import { createWebhookBook } from './webhook-book';
import { createIntake, type Intake } from './webhook-intake';
import { createWebhookKeeper } from './webhook-keeper';

export type { OpenStore } from './open-store';

export interface OpenRuntimeOptions extends RuntimeOptions {
  /** Default: the store that `environment` names. */
  readonly openStore?: (home: Home) => Promise<OpenStore>;
  /** Default: that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where people and programs reach this process; written to `runtime.json`. Default: `BILLING_AUDIT_ADDRESS`. */
  readonly address?: string;
  /** Null: no budget of ours. Default: Smartsheet's, and none where the API is on this machine (the sandbox). */
  readonly rateLimits?: RateLimits | null;
  readonly machine?: Partial<Machine>;
  readonly timing?: Partial<Timing>;
  /** The bundle of `models/worker.ts`. Default: `model-worker.js` beside this bundle. */
  readonly modelWorker?: string;
}

/**
 * Opens a home: folders, keys, store, intake, watches. It does nothing by itself until a node subscribes.
 * @throws StoreLocked  when another process has the home open
 * @throws BadSetting  when the environment names two stores, or one that cannot be
 * @throws StoreUnavailable, StoreNotSynced, MigrationMissing, StoreMisconfigured  when the store cannot be opened
 */
export async function openRuntime(options: OpenRuntimeOptions): Promise<Runtime> {
  const home = openHome(options.home);
  const machine: Machine = { ...thisMachine(), ...options.machine };
  const before = openHomeAt(home.folder)?.failed;
  const retract = announceHome(home.folder, { inside: null, failed: before });
  const environment = options.environment ?? process.env;
  const openNamed = (): Promise<OpenStore> => openNamedStore({ home, environment, machine, log: options.log });
  const store = await (options.openStore ?? openNamed)(home).catch((failure: unknown) => {
    tellFailure(failure, { home, before, log: options.log });
    throw failure;
  });
  const opened = await withMonths(store, options, machine);
  try {
    serviceKey(home);
    writeRuntimeNote(home, {
      pid: process.pid,
      startedAt: new Date(machine.now()).toISOString(),
      address: options.address ?? environment['BILLING_AUDIT_ADDRESS'] ?? null,
    });
    return assemble(options, home, machine, opened);
  } catch (failure) {
    retract();
    await opened.close();
    throw failure;
  }
}

/** It is tried again and again: told once in the log, and on `/health` for as long as it lasts. */
function tellFailure(
  failure: unknown,
  { home, before, log }: { readonly home: Home; readonly before: string | undefined; readonly log: Log },
): void {
  const { code, hint } = failure instanceof BillingAuditError ? failure : { code: 'unexpected', hint: '' };
  announceHome(home.folder, { inside: null, failed: code });
  if (code !== before) log.error(`The store cannot be opened: ${messageOf(failure)} ${hint}`.trimEnd());
}

function assemble(options: OpenRuntimeOptions, home: Home, machine: Machine, opened: OpenStore): Runtime {
  const { log } = options;
  const business = { timeZone: defaultSettings.timeZone }; // Settings come with the nodes; the last to start says it.
  const teller = openTeller(machine, opened, business, () => alerting?.mailWaits());
  const { emitter, pump, watches, intake, coverage } = parts(options, machine, opened, { business, teller });
  const alerting = openAlerting(options, home, machine, opened.driver);
  const hasNews = (): void => {
    alerting?.wake();
    alerting?.mailWaits();
  };
  const auditSheet = openAuditSheet(options, machine, { driver: opened.driver, watches, onRecorded: hasNews });
  const sealer = openSealer(options, home, machine, opened.driver, options.environment);
  const onRecorded = (events: number): void => {
    sealer?.recorded(events);
    hasNews();
    auditSheet?.wake();
  };
  const heard = (keys: readonly string[]): void => {
    emitter.recorded(keys);
    onRecorded(keys.length);
  };
  const store = recordingStore(opened.store, heard, options.flowVersion);
  const access = new ReportDesk({ machine, log, store, connect: (...given) => watches.connect(...given) });
  const models = openModels(options, home, machine, opened.driver);
  emitter.start();
  attendInbox(opened.driver?.inbox, pump, log);
  pump.start();
  coverage?.start();
  sealer?.start();
  const answers: Record<string, number> = {};
  const retract = announceHome(home.folder, {
    inside: {
      store,
      driver: opened.driver ?? null,
      facts: () => factsOf(opened, watches, intake, answers, alerting),
    },
  });
  // The sealer last: what the others recorded while they ended is sealed too.
  const ends = [coverage, access, models, pump, watches, emitter, auditSheet, alerting, sealer].map(
    (part) => async () => part?.stop(),
  );
  const close = closeOnce([async () => retract(), ...ends, opened.close], home, log);
  return {
    portsFor: (node) => {
      business.timeZone = node.settings.timeZone;
      const desks = { alerts: alerting?.desk, auditSheet: auditSheet?.desk, access, models };
      return portsOf(node, { machine, store, changes: watches, ...desks });
    },
    answerWebhook: (request) => countedAnswer(intake, request, answers),
    keepFlow: async (text) => (await store.keepInForce([{ kind: 'flow', text }]))[0] ?? sha256Hex(text),
    configurationInForce: (deployed) => putInForce(deployed, { home, machine, opened, onRecorded }),
    health: () => {
      const watching = healthOf(healthParts(opened, machine, intake, watches));
      return withCopies(wholeHealth(watching, opened, { alerting, sealer, models }), home, machine);
    },
    close,
  };
}

async function withCopies(health: Promise<Health>, { folder }: Home, { now }: Machine): Promise<Health> {
  const copies = readBackupNote(folder);
  return copies ? withCheck(await health, 'backup', backupCheck(copies, now())) : health;
}

function healthParts(
  opened: OpenStore,
  { now }: Machine,
  intake: ReturnType<typeof createIntake>,
  watches: Watches,
): Parameters<typeof healthOf>[0] {
  return { ...opened, now, intake, watches: watches.all(), budgets: watches.budgets() };
}

async function countedAnswer(
  intake: Pick<Intake, 'answer'>,
  request: WebhookRequest,
  answers: Record<string, number>,
): Promise<WebhookAnswer> {
  const answer = await intake.answer(request);
  answers[answer.status] = (answers[answer.status] ?? 0) + 1;
  return answer;
}

/** Hears of what is drained. What a power failure left behind is said once; health goes on telling what is lost. */
function attendInbox(inbox: CallbackInbox | undefined, pump: CallbackPump, log: Log): void {
  if (!inbox) return;
  inbox.onDrained(() => pump.ring());
  const { torn, lost, kept } = inbox.state();
  for (const text of torn) log.info(`The inbox: ${text}. It was not acknowledged, so Smartsheet sends it again.`);
  for (const text of lost) log.error(`The inbox: ${text}. The file is put aside; sheets are compared at the start.`);
  if (kept.length > 0) log.warn(`The inbox holds files that were put aside: ${kept.join(', ')}.`);
}

/** What asks the store is asked only where the store answers. */
async function wholeHealth(
  watching: Promise<Health>,
  { driver, monthsFail }: OpenStore,
  {
    alerting,
    sealer,
    models,
  }: {
    readonly alerting: Alerting | undefined;
    readonly sealer: Sealer | null;
    readonly models: Models | undefined;
  },
): Promise<Health> {
  const watched = await watching;
  const inbox = driver?.inbox;
  const health = inbox ? withCheck(watched, 'inbox', inboxCheck(inbox.state())) : watched;
  if (!health.counts) return health;
  const months = monthsCheck(health.counts, monthsFail?.());
  const kept = months ? withCheck(health, 'months', months) : health;
  const model = models?.health();
  const judged = model ? withCheck(kept, 'model', model) : kept;
  const alerts = alerting ? withCheck(judged, 'alerts', await alerting.health()) : judged;
  return sealer ? withCheck(alerts, 'evidence', await sealer.health()) : alerts;
}

/** Without a driver there is no outbox to put a notice into. */
function openTeller(
  { now }: Machine,
  { driver, store }: OpenStore,
  business: { readonly timeZone: string },
  onRaised: () => void,
): WatchNotices | null {
  return driver ? new WatchNotices({ driver, store, now, timeZone: () => business.timeZone, onRaised }) : null;
}

function parts(
  options: OpenRuntimeOptions,
  machine: Machine,
  { store, driver }: OpenStore,
  { business, teller }: { readonly business: { readonly timeZone: string }; readonly teller: WatchNotices | null },
): {
  readonly emitter: Emitter;
  readonly pump: CallbackPump;
  readonly watches: Watches;
  readonly intake: ReturnType<typeof createIntake>;
  readonly coverage: CoverageKeeper | null;
} {
  const { log } = options;
  const { now, sleep } = machine;
  const timing: Timing = { ...DEFAULT_TIMING, ...options.timing };
  const book = createWebhookBook(store, now);
  const emitter = new Emitter({ store, now, sleep, log, timing, onOverdue: (count) => watches.overdue(count) });
  const watches: Watches = new Watches({
    machine,
    store,
    keeper: createWebhookKeeper(book, log, now),
    emitter,
    log,
    timing,
    teller,
    rateLimits: options.rateLimits,
    driver: driver ?? null,
    soleOwner: driver?.inbox !== undefined,
    onReleased: (ids) => pump.release(ids),
    onCompared: (sheetId, version) => coverage?.compared(sheetId, version),
    onSheetsChanged: () => pump.ring(),
  });
  const pump = new CallbackPump({
    store,
    log,
    now,
    sleep,
    timing,
    sheetIds: () => watches.sheetIds(),
    deliver: (callback) => watches.offer(callback),
  });
  const intake = createIntake({
    store,
    book,
    now,
    log,
    onStored: () => pump.ring(),
    secretAgain: (webhook) => watches.readSecretAgain(webhook),
  });
  const coverage = driver ? coverageOf(driver, watches, machine, { log, timing, business }) : null;
  return { emitter, pump, watches, intake, coverage };
}

function coverageOf(
  driver: StoreDriver,
  watches: Watches,
  { now, sleep }: Machine,
  {
    log,
    timing,
    business,
  }: { readonly log: Log; readonly timing: Timing; readonly business: { readonly timeZone: string } },
): CoverageKeeper {
  return new CoverageKeeper({
    driver,
    now,
    sleep,
    log,
    watched: () => watches.all().map(({ target, how }) => ({ sheetId: target.sheetId, how })),
    timeZone: () => business.timeZone,
    beatSeconds: timing.coverageSeconds,
  });
}

async function factsOf(
  { store, driver }: OpenStore,
  watches: Watches,
  intake: ReturnType<typeof createIntake>,
  answers: Readonly<Record<string, number>>,
  alerting: Alerting | undefined,
): Promise<RuntimeFacts> {
  return {
    counts: await store.counts(),
    answers: { ...answers },
    refusals: intake.refusals(),
    lastCallbackAt: intake.lastCallbackAt(),
    budgets: watches.budgets(),
    inbox: driver?.inbox?.state() ?? null,
    sheets: watches.all().map(({ target, how, status, facts }) => ({ sheetId: target.sheetId, how, status, ...facts })),
    outbox: alerting ? (await alerting.health()).outbox : null,
  };
}

/** Closing twice is closing once, and waiting for it twice. */
function closeOnce(steps: readonly (() => Promise<void>)[], home: Home, log: Log): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => (closing ??= closeAll(steps, home, log));
}

/**
 * Each step is tried, whatever became of the one before: a store must not stay locked because a note could not be
 * removed. The note goes first: as soon as the store is free, the next Runtime of a deploy writes its own.
 */
async function closeAll(steps: readonly (() => Promise<void>)[], home: Home, log: Log): Promise<void> {
  for (const step of [async () => removeRuntimeNote(home), ...steps]) {
    try {
      await step();
    } catch (failure) {
      log.error(`A part did not close well: ${messageOf(failure)}`);
    }
  }
}
