import { Option, type Command } from 'commander';
import type { AuditEvent } from '../../lib/event';
import { archivedInWords } from '../../lib/store/archived-month';
import type { ArchivedMonth, Store, TrailQuery } from '../../lib/store';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { lineOf } from './event-line';
import { guarded, loadDotEnv, print } from './run';
import { FIELDS, ORDERS, queryOf, type SearchFlags } from './search-query';

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
    const { events, next, archived } = await searchUpTo(trail.store, query);
    for (const event of events) print(flags.json ? JSON.stringify(event) : lineOf(event));
    if (flags.json) print(JSON.stringify({ next, archived }));
    else if (events.length === 0) print('Nothing was found.');
    else if (next !== null) print(`More: --after ${next}`);
    if (!flags.json) archived.forEach((month) => print(inWords(month)));
  } finally {
    await trail.close();
  }
}

function inWords(archived: ArchivedMonth): string {
  return `${archivedInWords(archived)} It has ${archived.events} events and SHA-256 ${archived.sha256}.`;
}

const PAGE = 500;

interface Found {
  readonly events: readonly AuditEvent[];
  readonly next: string | null;
  readonly archived: readonly ArchivedMonth[];
}

/** Pages until there are as many as were asked for; `next` continues after the last of them. */
async function searchUpTo(
  store: Pick<Store, 'search'>,
  query: TrailQuery & { readonly limit: number },
): Promise<Found> {
  const events: AuditEvent[] = [];
  let after = query.after;
  for (;;) {
    const limit = Math.min(PAGE, query.limit - events.length);
    const page = await store.search({ ...query, limit, ...(after !== undefined && { after }) });
    events.push(...page.events);
    if (page.next === null || events.length >= query.limit)
      return { events, next: page.next, archived: page.archived ?? [] };
    after = page.next;
  }
}
