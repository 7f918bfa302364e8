import { type Change, isEmpty, workRequestOf } from '../../lib/event';
import { type BillingSettings, cellOf, isSameColumn, WORK_REQUEST } from '../../lib/settings';
import type { Approval } from '../../lib/store/store';

/**
 * The approved correction that covers a change; the first of several.
 *
 * It must name the sheet; the row or its work request, the column and the person where it lists any; the time of the
 * change must lie in its span, and its approver must not be the editor. Where nobody knows who made the change, nobody
 * can say that it was not the approver: then nothing covers it.
 */
export function approvalFor(
  change: Change,
  approvals: readonly Approval[],
  settings: BillingSettings,
): Approval | undefined {
  const editor = change.changed_by;
  if (editor === null) return undefined;
  return approvals.find(
    (approval) =>
      approval.sheet_id === change.sheet_id &&
      coversRow(approval, change, settings) &&
      coversColumn(approval, change.column_name, settings) &&
      (approval.people.length === 0 || approval.people.some((person) => isSamePerson(person, editor))) &&
      !isSamePerson(approval.approver, editor) &&
      Date.parse(approval.from) <= Date.parse(change.changed_at) &&
      Date.parse(change.changed_at) <= Date.parse(approval.to),
  );
}

function coversRow({ row_ids, work_requests }: Approval, change: Change, settings: BillingSettings): boolean {
  if (row_ids.length === 0 && work_requests.length === 0) return true;
  if (change.row_id !== null && row_ids.includes(change.row_id)) return true;
  const workRequest = workRequestBefore(change, settings);
  return workRequest !== null && work_requests.some((each) => workRequestOf(each) === workRequest);
}

/** A row whose work request is being changed was approved under the one it had. */
function workRequestBefore(change: Change, settings: BillingSettings): string | null {
  const changesIt = change.column_name !== null && isSameColumn(change.column_name, WORK_REQUEST, settings);
  const had =
    changesIt && !isEmpty(change.old_value) ? change.old_value : cellOf(change.values, WORK_REQUEST, settings);
  return workRequestOf(had);
}

/** Adding, deleting or moving a row is more than changing any of the columns that an approval lists. */
function coversColumn({ columns }: Approval, column: string | null, settings: BillingSettings): boolean {
  return columns.length === 0 || (column !== null && columns.some((each) => isSameColumn(each, column, settings)));
}

function isSamePerson(left: string, right: string): boolean {
  return left.trim().toLowerCase() === right.trim().toLowerCase();
}
