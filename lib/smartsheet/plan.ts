import { z } from 'zod';
import { understood } from './answers';
import { SmartsheetRefused } from './errors';
import { ask, type Exchange } from './exchange';

/** A sheet as a list shows it. */
export interface ListedSheet {
  readonly id: string;
  readonly name: string;
  /** VIEWER, EDITOR, ADMIN, OWNER ...; null where Smartsheet did not say. */
  readonly accessLevel: string | null;
  readonly workspace: string | null;
}

const listPage = z.object({
  data: z.array(
    z.object({
      id: z.union([z.number(), z.string()]).transform(String),
      name: z.string(),
      accessLevel: z.string().nullish(),
      workspace: z.object({ name: z.string() }).nullish(),
    }),
  ),
});

const PAGE_SIZE = 500;
const MOST_PAGES = 40;

/**
 * The sheets that a token can see, in the order in which Smartsheet lists them; at most 20,000.
 * @throws SmartsheetRefused, SmartsheetUnavailable, SmartsheetAnswerUnknown
 */
export async function listSheets(exchange: Exchange): Promise<readonly ListedSheet[]> {
  const what = 'list the sheets';
  const found = new Map<string, ListedSheet>();
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const path = `sheets?page=${page}&pageSize=${PAGE_SIZE}`;
    const { data } = understood(listPage, await ask(exchange, { method: 'GET', path, what }), what);
    const before = found.size;
    for (const { id, name, accessLevel, workspace } of data) {
      found.set(id, { id, name, accessLevel: accessLevel ?? null, workspace: workspace?.name ?? null });
    }
    if (data.length < PAGE_SIZE || found.size === before) break;
  }
  return [...found.values()];
}

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
