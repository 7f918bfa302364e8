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
  alerts: AlertDesk = outboxDesk(driver, () => new Date().toISOString()),
): Ports {
  return {
    ...machineOf(context),
    http: httpWith(context, SMARTSHEET_CREDENTIAL),
    store,
    alerts,
    nodeId: context.getNode().id,
    settings,
    credentials: {},
    changes: { subscribe: () => Promise.reject(new NotInN8n('a lasting watch')) },
  };
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

/** Raises nothing: the alert is given to the next node, which sends it. */
export const givingDesk: AlertDesk = {
  enlist: () => Promise.reject(new NotInN8n('deciding about events whose items never arrive')),
  raise: () => Promise.resolve({ unrecorded: [] }),
};
