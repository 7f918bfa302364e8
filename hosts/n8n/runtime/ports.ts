import { AlertBook } from '../../../lib/alerts/book';
import type { AlertDesk } from '../../../lib/alerts/desk';
import type { Ports } from '../../../lib/ports';
import type { BillingSettings } from '../../../lib/settings';
import { SMARTSHEET_CREDENTIAL } from '../names';
import type { Context } from './context';
import { httpWith } from './http';
import { machineOf } from './machine';
import { NotInN8n } from './not-in-n8n';
import type { StoreAccess } from './store';

/** The ports of one run of a node. */
export function portsFor(
  context: Context,
  { store, driver }: Pick<StoreAccess, 'store' | 'driver'>,
  settings: BillingSettings,
  alerts: AlertDesk = outboxDesk(driver, present),
): Ports {
  return {
    ...machineOf(context),
    http: httpWith(context, SMARTSHEET_CREDENTIAL),
    store,
    alerts,
    nodeId: placeOf(context),
    settings,
    credentials: {},
    changes: { subscribe: () => Promise.reject(new NotInN8n('a lasting watch')) },
  };
}

/** The present as the store takes it. */
export const present = (): string => new Date().toISOString();

/** A node among all workflows: those that were imported from one file have nodes of the same ids. */
export function placeOf(context: Context): string {
  return `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
}

/** Puts alerts into the outbox of the store; the sender of a server empties it. */
export function outboxDesk(driver: StoreAccess['driver'], at: () => string): AlertDesk {
  const book = new AlertBook(driver);
  return {
    enlist: () => Promise.reject(new NotInN8n('deciding about events whose items never arrive')),
    async raise(rule, alerts) {
      await book.saveRule(rule, at());
      const told = alerts.map((each) => ({ ...each, ruleId: rule.ruleId }));
      return book.raise(told, [], at());
    },
  };
}

/**
 * Raises nothing: the alert is given to the next node, which sends it. The store remembers which run was given it, so that
 * a change which is handed out twice is told once.
 * @param run  null where a person asked for the alert: everything is given, and nothing remembered
 */
export function givingDesk(
  driver: StoreAccess['driver'],
  { givenTo, run, at }: { readonly givenTo: string; readonly run: string | null; readonly at: () => string },
): AlertDesk {
  const book = new AlertBook(driver);
  return {
    enlist: () => Promise.reject(new NotInN8n('deciding about events whose items never arrive')),
    async raise(_rule, alerts) {
      if (run === null) return { unrecorded: [] };
      const toldBefore: string[] = [];
      for (const { eventKey } of alerts) {
        if (!(await book.give({ eventKey, givenTo, run, at: at() }))) toldBefore.push(eventKey);
      }
      return { unrecorded: [], toldBefore };
    },
  };
}
