import type { AuditEvent } from '../../lib/event/audit-event';
import type { ArchivedMonth, Store, TrailQuery } from '../../lib/store/store';

/** The most that one call gives. */
const PAGE = 1000;

export interface ExportQuery {
  /** Instants; `to` is exclusive. */
  readonly from: string;
  readonly to: string;
  /** Ids; empty = all. */
  readonly sheets: readonly string[];
  /** What else a change must fit, as on the page Changes. Coverage is of whole sheets, so it is not asked there. */
  readonly filters?: ChangeFilters;
}

export type ChangeFilters = Pick<TrailQuery, 'text' | 'changed_by' | 'work_request' | 'column_name' | 'severity'>;

/**
 * Every event of a period, the newest first, page by page. What is stored after `recordedUntil` is left out, so that an
 * export that takes long is still one consistent look.
 * @param onArchived  told of the months that left the store and may hold more of it, some of them more than once
 */
export async function* trailPages(
  store: Pick<Store, 'search'>,
  { from, to, sheets }: ExportQuery,
  recordedUntil: string,
  more: Pick<TrailQuery, 'kind'> & ChangeFilters = {},
  onArchived: (months: readonly ArchivedMonth[]) => void = () => undefined,
): AsyncGenerator<readonly AuditEvent[]> {
  for (const sheet of sheets.length > 0 ? sheets : [null]) {
    for (let after: string | null | undefined; after !== null;) {
      const page = await store.search({
        from,
        to,
        ...more,
        limit: PAGE,
        ...(sheet !== null && { sheet_id: sheet }),
        ...(after !== undefined && { after }),
      });
      onArchived(page.archived ?? []);
      yield page.events.filter(({ timestamp }) => timestamp === null || timestamp <= recordedUntil);
      after = page.next;
    }
  }
}
