import type { Alerting } from '../alerts/start-alerting';
import { startAlertingIn } from '../alerts/start-in-home';
import { startAuditSheet, type AuditSheetWriter } from '../audit-sheet';
import type { StoreDriver } from '../store';
import type { Home } from './home';
import type { Machine } from './machine';
import type { OpenRuntimeOptions } from './open-runtime';
import { DEFAULT_TIMING } from './timing';
import type { Watches } from './watches';

/** What hands recorded events on needs the store's own functions; without a driver nothing is handed on. */
export function openAlerting(
  { log, environment, tellsConfiguration = false }: OpenRuntimeOptions,
  { folder }: Home,
  machine: Machine,
  driver: StoreDriver | undefined,
): Alerting | undefined {
  const compared = { configurationIsCompared: tellsConfiguration };
  return driver && startAlertingIn(folder, driver, { ...machine, log }, environment, compared);
}

interface AuditSheetSide {
  readonly driver: StoreDriver | undefined;
  readonly watches: Watches;
  readonly onRecorded: () => void;
}

export function openAuditSheet(
  { log, timing }: OpenRuntimeOptions,
  { now, sleep }: Machine,
  { driver, watches, onRecorded }: AuditSheetSide,
): AuditSheetWriter | undefined {
  return (
    driver &&
    startAuditSheet({
      driver,
      now,
      sleep,
      log,
      soleOwner: driver.inbox !== undefined,
      connect: (account, signal) => watches.connect(account, signal).client,
      isWatched: (sheetId) => watches.sheetIds().includes(sheetId),
      leaveOut: (sheetIds) => watches.leaveOut(sheetIds),
      onRecorded,
      settleSeconds: timing?.settleSeconds ?? DEFAULT_TIMING.settleSeconds,
    })
  );
}
