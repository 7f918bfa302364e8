import {
  type AuditEvent,
  type Change,
  parseAmount,
  type Severity,
  type ViolationType,
  workRequestOf,
} from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { canonicalTitle, cellOf, CHECKED_DATES, isSameColumn, WORK_REQUEST } from '../../lib/settings';
import { deltaOf } from './amounts';
import { approvalFor } from './approvals';
import { type DateProblem, dateProblem } from './dates';
import { describe } from './describe';
import type { Finding } from './finding';
import { isHanging, judgeHanging } from './judge-hanging';
import { isAboutWatch, judgeWatch } from './judge-watch';
import type { Rules } from './rules';
import { currencyOf, unjudged } from './unjudged';
import { placeInWeek } from './week';

/**
 * Judges one change by the rules in force.
 * @returns the audit-event with its 18 rule fields; the fields of the score and of the sign-in are null
 * @throws StoreUnavailable  when the approvals cannot be read; the change is not lost, it is handed out again
 */
export async function judge(change: Change, rules: Rules, { store }: Pick<Ports, 'store'>): Promise<AuditEvent> {
  if (isAboutWatch(change)) return judgeWatch(change, rules);
  if (isHanging(change)) return judgeHanging(change, rules);
  const found = look(change, rules);
  const approvals =
    found.isTracked && found.place.isHistorical
      ? await store.approvals({ sheetId: change.sheet_id, at: change.changed_at })
      : [];
  const finding = { ...found, approval: approvalFor(change, approvals, rules.settings) };
  return {
    ...unjudged(change, rules),
    work_request: finding.workRequest,
    violation_type: violationOf(finding),
    delta: finding.delta,
    week_ending: finding.place.weekEnding,
    is_historical: finding.place.isHistorical,
    severity: severityOf(finding, rules),
    ...describe(finding, rules.settings),
    approval_id: finding.approval?.id ?? null,
  };
}

function look(change: Change, rules: Rules): Omit<Finding, 'approval'> {
  const { settings } = rules;
  const column = change.column_name === null ? null : canonicalTitle(change.column_name, settings);
  const isTracked = column === null || settings.trackedColumns.some((each) => isSameColumn(each, column, settings));
  const place = placeInWeek(change, settings);
  return {
    change,
    column,
    isTracked,
    place,
    delta: deltaOf(change, column, isTracked, place, settings),
    dateProblems: dateProblemsOf(change, column, rules),
    workRequest: workRequestOf(cellOf(change.values, WORK_REQUEST, settings)),
    currency: currencyOf(change.sheet_id, settings.currencies),
  };
}

/** A changed cell answers for its own date, a new row for all of its dates. */
function dateProblemsOf(change: Change, column: string | null, rules: Rules): DateProblem[] {
  const dates: (readonly [string, string | null | undefined])[] =
    change.kind === 'row_added'
      ? CHECKED_DATES.map((title) => [title, cellOf(change.values, title, rules.settings)] as const)
      : change.kind === 'cell_changed' && column !== null && CHECKED_DATES.includes(column)
        ? [[column, change.new_value]]
        : [];
  return dates
    .map(([title, value]) => dateProblem(title, value, change.changed_at, rules))
    .filter((problem) => problem !== null);
}

function violationOf({ change, isTracked, place, approval, dateProblems }: Finding): ViolationType {
  const isLate = isTracked && place.isHistorical === true;
  if (isLate && !approval) return HISTORICAL[change.kind] ?? 'HISTORICAL_CHANGE';
  if (dateProblems.length > 0) return 'DATE_VALIDATION_ERROR';
  return approval ? 'APPROVED_CORRECTION' : 'NONE';
}

/** A row moved to another sheet is gone from this one as if it were deleted. */
const HISTORICAL: Partial<Record<Change['kind'], ViolationType>> = {
  row_added: 'HISTORICAL_ROW_ADDED',
  row_deleted: 'HISTORICAL_ROW_DELETED',
  row_moved: 'HISTORICAL_ROW_DELETED',
};

function severityOf({ isTracked, place, delta, dateProblems }: Finding, { settings }: Rules): Severity {
  const severities = dateProblems.map(({ severity }) => severity);
  if (isTracked && place.isHistorical === null) severities.push('MEDIUM');
  if (isTracked && place.isHistorical) {
    const size = parseAmount(delta)?.abs();
    if (size?.gt(settings.severityHighAbove)) severities.push('HIGH');
    else if (size?.gt(settings.severityMediumAbove)) severities.push('MEDIUM');
  }
  return (['HIGH', 'MEDIUM'] as const).find((each) => severities.includes(each)) ?? 'LOW';
}
