import { DateTime } from 'luxon';
import { weekClosesAt } from '../../lib/calendar';
import type { FoldLine } from '../../lib/risk';
import { defaultSettings } from '../../lib/settings';
import type { BillingCells, Plan, PlannedRow } from '../../sandbox/replay/plan';

/** A line of the trail, with the replay's own name of its row. */
export type MonthLine = FoldLine & { readonly rowKey: string };

interface Known {
  readonly id: string;
  readonly week: string;
  readonly workRequest: string;
}

/** What the audit trail says of a replay: a line for each new row and each changed cell, in the order of time. */
export function trailOf({ operations, sheets }: Plan): MonthLine[] {
  const rows = new Map<string, Known>();
  return operations.flatMap((operation): MonthLine[] => {
    const common = {
      sheet_id: String(sheets.indexOf(operation.sheet) + 1),
      changed_by: operation.person,
      changed_at: new Date(operation.at).toISOString(),
    };
    if (operation.kind === 'add') {
      return operation.rows.map((row) => {
        const known = knownOf(row, rows.size);
        rows.set(row.key, known);
        return { ...common, ...aboutRow(row.key, known, operation.at), kind: 'row_added', values: textsOf(row.cells) };
      });
    }
    const known = rows.get(operation.rowKey) as Known;
    return (['Quantity', 'Units Total Price'] as const)
      .map((column) => ({ column, from: Number(operation.before[column]), to: Number(operation.cells[column]) }))
      .filter(({ from, to }) => from !== to)
      .map(({ column, from, to }) => ({
        ...{ ...common, ...aboutRow(operation.rowKey, known, operation.at), kind: 'cell_changed' },
        ...{ column_name: column, old_value: String(from), new_value: String(to) },
        delta: String(Math.round((to - from) * 100) / 100),
      }));
  });
}

function knownOf({ cells }: PlannedRow, before: number): Known {
  const day = DateTime.fromISO(String(cells['Weekly Referenced Logged Date']), { zone: 'utc' });
  const week = day.plus({ days: 7 - day.weekday }).toISODate() ?? '';
  return { id: String(before + 1), week, workRequest: String(cells['Work Request #']) };
}

function aboutRow(rowKey: string, { id, week, workRequest }: Known, at: number) {
  const isHistorical = at >= weekClosesAt(week, defaultSettings);
  return { rowKey, row_id: id, work_request: workRequest, week_ending: week, is_historical: isHistorical };
}

function textsOf(cells: BillingCells): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(cells).map(([title, value]) => [title, value === null ? null : String(value)]),
  );
}
