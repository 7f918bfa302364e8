import type { Now } from '../../ports';
import type { SmartsheetClient } from '../../smartsheet';
import type { KnownList, Store } from '../../store';
import { compareHangings, nameOf } from './compare-hangings';
import { readAt } from './resolver';

/** What a compare of a sheet's lists came to, once it is recorded. */
export interface HangingsRecorded {
  /** The sheet's, before its lists were read. */
  readonly version: number;
  /** What became a change, by type and id. */
  readonly found: readonly string[];
  /** Of these, changes that nobody had told of. */
  readonly recorded: number;
  /** Gone, and not told until a callback says by whom, or is overdue; by type and id. */
  readonly awaited: readonly string[];
  /** Lists that could not be compared, each with the reason. */
  readonly problems: readonly string[];
  /** Of these, the ones that were not there at the compare before. */
  readonly newProblems: readonly string[];
}

interface Parts {
  readonly client: SmartsheetClient;
  readonly store: Pick<Store, 'knownHangings' | 'resolveHangings'>;
  readonly now: Now;
}

/**
 * Compares what Smartsheet lists of a sheet's attachments, discussions and comments with what is known of them, and records
 * what became of them. A list that is compared up to the sheet's version costs no request.
 * @param version  the sheet's, just seen
 * @param isOverdue  no callback is expected any more that names who deleted this one, by its type and id
 * @returns null: both lists are compared up to this version
 */
export async function recordHangings(
  sheetId: string,
  version: number,
  isOverdue: (hanging: string) => boolean,
  { client, store, now }: Parts,
): Promise<HangingsRecorded | null> {
  const known = await store.knownHangings(sheetId);
  if (known.lists.length > 1 && known.lists.every((list) => list.version === version)) return null;
  const sheet = await client.sheetFacts(sheetId);
  const observedAt = readAt(sheet, now());
  const { compared, awaited } = await compareHangings({ sheet, known, observedAt, isOverdue }, client);
  const audit_run_id = `backfill:${sheetId}:${sheet.version}`;
  const { event_keys } = await store.resolveHangings({ ...compared, audit_run_id, found_by: 'backfill' });
  return {
    version: sheet.version,
    found: compared.objects.map(nameOf),
    recorded: event_keys.length,
    awaited,
    problems: problemsOf(compared.lists),
    newProblems: problemsOf(compared.lists.filter((list) => list.problem !== problemBefore(known.lists, list))),
  };
}

function problemBefore(lists: readonly KnownList[], { list }: Pick<KnownList, 'list'>): string | null {
  return lists.find((each) => each.list === list)?.problem ?? null;
}

function problemsOf(lists: readonly Pick<KnownList, 'list' | 'problem'>[]): string[] {
  return lists.flatMap(({ list, problem }) => (problem === null ? [] : [`${list}: ${problem}`]));
}
