import { BillingAuditError, messageOf } from '../errors';
import type { Now } from '../ports';
import type { InboxState, Store, StoreCounts } from '../store/store';
import { countsInWords } from '../store/counts-in-words';
import { STORE_NAMES } from '../store/named-store';
import type { Health } from './runtime';
import type { SheetWatch } from './sheet-watch';
import type { TokenBudget } from './tokens';
import type { Intake } from './webhook-intake';

/** Within this, what comes in is resolved and recorded even on a busy day; older, something holds it back. */
const LONGEST_WAIT_MINUTES = 5;

type Check = Health['checks'][number];

/**
 * How the watch stands. `down` only when callbacks cannot be stored, or Smartsheet refuses the token; everything else
 * that is not as it should be is `degraded`.
 */
export async function healthOf(parts: {
  readonly store: Pick<Store, 'counts'>;
  /** What kind of store it is. */
  readonly name?: string;
  readonly now: Now;
  readonly intake: Pick<Intake, 'refusals' | 'lastCallbackAt'>;
  readonly watches: readonly SheetWatch[];
  readonly budgets?: readonly TokenBudget[];
}): Promise<Health> {
  const { check, counts } = await storeCheck(parts.store, parts.name);
  const checks = [
    check,
    ...parts.watches.map(sheetCheck),
    callbackCheck(parts.intake, counts),
    ...(parts.budgets ?? []).map(budgetCheck),
    ...(counts === null ? [] : [queueCheck(counts, parts.now())]),
  ];
  const worst = (['down', 'degraded'] as const).find((status) => checks.some((one) => one.status === status));
  return { status: worst ?? 'ok', checks, counts };
}

/** The same with one more check, which can make it degraded. */
export function withCheck(health: Health, name: string, { status, text }: Pick<Check, 'status' | 'text'>): Health {
  const worse = health.status === 'ok' && status !== 'ok' ? 'degraded' : health.status;
  return { ...health, status: worse, checks: [...health.checks, { name, status, text }] };
}

export function inboxCheck({ waiting, trouble, lost, kept }: InboxState): Pick<Check, 'status' | 'text'> {
  const parts = [`${waiting} accepted callbacks wait to be stored`];
  if (trouble !== null) parts.push(`they cannot be stored at present: ${trouble}`);
  parts.push(...lost);
  if (kept.length > 0) parts.push(`put aside earlier: ${kept.join(', ')}; take them away when nobody needs them`);
  const isWell = trouble === null && lost.length === 0 && kept.length === 0;
  return { status: isWell ? 'ok' : 'degraded', text: parts.join('; ') };
}

async function storeCheck(
  store: Pick<Store, 'counts'>,
  name: string | undefined,
): Promise<{ check: Check; counts: StoreCounts | null }> {
  const inside = name === undefined ? '' : ` (${name})`;
  try {
    const counts = await store.counts();
    return { check: { name: 'store', status: 'ok', text: `${countsInWords(counts)}${inside}` }, counts };
  } catch (failure) {
    return { check: { name: 'store', status: 'down', text: storeFailure(failure, name) }, counts: null };
  }
}

/** What a driver says names host, user and database, which are nobody's business on a page without a sign-in. */
function storeFailure(failure: unknown, name: string | undefined): string {
  if (name === undefined || name === STORE_NAMES.embedded) return messageOf(failure);
  const code = failure instanceof BillingAuditError ? failure.code : 'failed';
  return code === 'store_unavailable' ? `${name} cannot be reached` : `${name} refuses: ${code}; the log says more`;
}

function sheetCheck(watch: SheetWatch): Check {
  const name = `sheet ${watch.target.sheetId}`;
  if (watch.tokenRefused) return { name, status: 'down', text: 'Smartsheet refuses the token' };
  const isWell = watch.status.state !== 'error' && watch.status.state !== 'warning';
  const { webhook, lastCallbackAt, lastCompareAt } = watch.facts;
  const hook = webhook === null ? '' : `; webhook ${webhook}, last callback ${timeOf(lastCallbackAt)}`;
  const text = `${watch.status.text}${hook}; last compare ${timeOf(lastCompareAt)}`;
  return { name, status: isWell ? 'ok' : 'degraded', text };
}

function budgetCheck({ token, spent, perMinute }: TokenBudget): Check {
  const left = perMinute === null ? '' : `, ${Math.max(0, perMinute - spent)} of ${perMinute} left`;
  // Being at the limit is no fault: requests wait for it.
  return { name: `budget of token ${token}`, status: 'ok', text: `${spent} requests in the last minute${left}` };
}

function timeOf(at: number | null): string {
  return at === null ? 'none since the start' : new Date(at).toISOString();
}

function callbackCheck(intake: Pick<Intake, 'refusals' | 'lastCallbackAt'>, counts: StoreCounts | null): Check {
  const refusals = Object.entries(intake.refusals());
  const refused =
    refusals.length === 0 ? 'none refused' : `refused: ${refusals.map(([why, times]) => `${times} ${why}`).join(', ')}`;
  const dead = counts?.callbacks_dead ?? 0;
  const text = `last ${intake.lastCallbackAt() ?? 'none since the start'}; ${refused}; ${dead} dead letters`;
  return { name: 'callbacks', status: dead > 0 ? 'degraded' : 'ok', text };
}

function queueCheck(counts: StoreCounts, now: number): Check {
  const { callbacks_waiting, changes_waiting, changes_leased, changes_dead, oldest_waiting_at: oldest } = counts;
  const isOld = oldest !== null && now - Date.parse(oldest) > LONGEST_WAIT_MINUTES * 60_000;
  const since = oldest === null ? '' : `, the oldest since ${oldest}`;
  const late = isOld
    ? `, longer than ${LONGEST_WAIT_MINUTES} minutes: see the log, and that a Smartsheet Trigger watches its sheet`
    : '';
  const failing = changes_dead === 0 ? '' : `; ${changes_dead} changes keep failing to be recorded`;
  const provisional =
    counts.changes_provisional > 0 ? `; ${counts.changes_provisional} rows wait for their history` : '';
  const text = `${callbacks_waiting} callbacks and ${changes_waiting + changes_leased} changes wait${since}${late}${provisional}${failing}`;
  return { name: 'queue', status: isOld || changes_dead > 0 ? 'degraded' : 'ok', text };
}
