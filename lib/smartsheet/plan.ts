import { SmartsheetRefused } from './errors';
import { ask, type Exchange } from './exchange';

/** What an account may do beyond reading sheets; each `null` when it may, else Smartsheet's reason. */
export interface PlanLimits {
  /** Why there are no webhooks: changes are found by looking, not told. */
  readonly noWebhooks: string | null;
  /** Why there is no Event Reporting: IP addresses are unknown. */
  readonly noEvents: string | null;
}

/**
 * Asks for what a plan or an account may not include. Nothing is made or changed.
 * @throws SmartsheetRefused  when the token itself is refused
 * @throws SmartsheetUnavailable
 */
export async function planLimits(exchange: Exchange): Promise<PlanLimits> {
  const hour = new Date(exchange.now() - 3_600_000).toISOString();
  return {
    noWebhooks: await refusalOf(exchange, 'webhooks?page=1&pageSize=1', 'list the webhooks'),
    noEvents: await refusalOf(
      exchange,
      `events?since=${encodeURIComponent(hour)}&maxCount=1`,
      'read the event reports',
    ),
  };
}

async function refusalOf(exchange: Exchange, path: string, what: string): Promise<string | null> {
  try {
    await ask(exchange, { method: 'GET', path, what });
    return null;
  } catch (refusal) {
    if (!(refusal instanceof SmartsheetRefused) || refusal.isAboutToken) throw refusal;
    return refusal.message;
  }
}
