import { Option, type Command } from 'commander';
import type { AuditEvent } from '../../lib/event';
import type { Store, TrailQuery } from '../../lib/store';
import { BadSetting } from '../../lib/errors';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { guarded, loadDotEnv, print } from './run';

/** A field of the trail and what it takes; the flag has its name with dashes. */
const FIELDS = {
  text: 'a part of any text',
  from: 'changed at or after, like 2026-01-31T09:00:00Z',
  to: 'changed before',
  recorded_from: 'recorded at or after',
  recorded_to: 'recorded before',
  sheet_id: 'sheet',
  row_id: 'row',
  work_request: 'work request, up to the first dot',
  column_name: 'column',
  changed_by: 'e-mail of who changed it',
  changed_by_kind: 'person, automation, form, cell_link, system or unknown',
  violation_type: 'like HISTORICAL_CHANGE',
  severity: 'LOW, MEDIUM or HIGH',
  kind: 'like cell_changed, row_deleted or coverage',
  is_historical: 'true or false',
  week_ending: 'like 2026-01-25',
  risk_from: 'least risk, 0..1',
  predicted_category: 'category',
  approval_id: 'approval',
  audit_run_id: 'callback, compare or backfill that found it',
  event_key: 'key of the event',
  rules_hash: 'hash of the rules that judged it',
  currency: 'like USD',
  old_value: 'whole value before',
  new_value: 'whole value after',
  ip_address: 'address',
  session_id: 'session',
} as const satisfies Partial<Record<keyof TrailQuery, string>>;

type Field = keyof typeof FIELDS;
const INSTANTS: readonly Field[] = ['from', 'to', 'recorded_from', 'recorded_to'];
const ORDERS = ['newest', 'delta', 'money_at_risk'] as const;

interface SearchFlags {
  readonly order: (typeof ORDERS)[number];
  readonly limit: string;
  readonly after?: string;
  readonly home?: string;
  readonly json?: boolean;
}

const MORE = `
Every flag that is given must match. Events are told in a fixed order and each once, whatever is recorded meanwhile;
"next" continues with --after. With --json each event is a line, and the last line is {"next": ...}.`;

export function addSearch(program: Command): void {
  const command = program.command('search').description('Find events in the trail by any field.');
  for (const [field, words] of Object.entries(FIELDS)) {
    command.option(`--${field.replaceAll('_', '-')} <${field === 'text' ? 'words' : 'value'}>`, words);
  }
  command
    .addOption(new Option('--order <order>', 'what comes first').choices([...ORDERS]).default('newest'))
    .option('--limit <n>', 'how many events at most', '50')
    .option('--after <mark>', 'go on after a page: its "next"')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print JSON lines instead of a list')
    .addHelpText('after', MORE)
    .action((flags: SearchFlags & Record<string, unknown>) => guarded(() => runSearch(flags)));
}

async function runSearch(flags: SearchFlags & Record<string, unknown>): Promise<void> {
  loadDotEnv();
  const query = queryOf(flags);
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    const { events, next } = await searchUpTo(trail.store, query);
    for (const event of events) print(flags.json ? JSON.stringify(event) : lineOf(event));
    if (flags.json) print(JSON.stringify({ next }));
    else if (events.length === 0) print('Nothing was found.');
    else if (next !== null) print(`More: --after ${next}`);
  } finally {
    await trail.close();
  }
}

/** @throws BadSetting  a flag says what it cannot mean */
export function queryOf(flags: SearchFlags & Record<string, unknown>): TrailQuery & { readonly limit: number } {
  const given = Object.keys(FIELDS).flatMap((name) => {
    const field = name as Field;
    const value = flags[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())];
    return typeof value === 'string' ? [[field, valueOf(field, value)] as const] : [];
  });
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) {
    throw new BadSetting('--limit', `is "${flags.limit}"`, 'Give a whole number from 1 to 1000000.');
  }
  return {
    ...(Object.fromEntries(given) as TrailQuery),
    order: flags.order,
    limit,
    ...(flags.after !== undefined && { after: flags.after }),
  };
}

function valueOf(field: Field, text: string): string | number | boolean {
  const flag = `--${field.replaceAll('_', '-')}`;
  if (field === 'is_historical') {
    if (text !== 'true' && text !== 'false') throw new BadSetting(flag, `is "${text}"`, 'Say true or false.');
    return text === 'true';
  }
  if (field === 'risk_from') {
    const risk = Number(text);
    if (!(risk >= 0 && risk <= 1)) throw new BadSetting(flag, `is "${text}"`, 'Give a number from 0 to 1.');
    return risk;
  }
  if (field === 'week_ending' && !isDay(text)) throw new BadSetting(flag, `is "${text}"`, 'Write it like 2026-01-25.');
  if (!INSTANTS.includes(field)) return text;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new BadSetting(flag, `is "${text}", which is no time`, 'Write it like 2026-01-31T09:00:00Z.');
  return new Date(at).toISOString();
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

const PAGE = 500;

/** Pages until there are as many as were asked for; `next` continues after the last of them. */
async function searchUpTo(
  store: Pick<Store, 'search'>,
  query: TrailQuery & { readonly limit: number },
): Promise<{ readonly events: readonly AuditEvent[]; readonly next: string | null }> {
  const events: AuditEvent[] = [];
  let after = query.after;
  for (;;) {
    const limit = Math.min(PAGE, query.limit - events.length);
    const page = await store.search({ ...query, limit, ...(after !== undefined && { after }) });
    events.push(...page.events);
    if (page.next === null || events.length >= query.limit) return { events, next: page.next };
    after = page.next;
  }
}

function lineOf(event: AuditEvent): string {
  const { changed_at, severity, sheet_name, row_id, column_name, old_value, new_value, changed_by } = event;
  const change = `${JSON.stringify(old_value)} -> ${JSON.stringify(new_value)}`;
  const risk = event.risk_score === null ? '-' : event.risk_score.toFixed(2);
  const place = [sheet_name || event.sheet_id, row_id, column_name].filter((part) => part !== null).join(' / ');
  return `${changed_at}  ${severity.padEnd(6)} ${risk}  ${event.violation_type}  ${place}  ${change}  ${changed_by ?? 'unknown'}  ${event.event_key}`;
}
