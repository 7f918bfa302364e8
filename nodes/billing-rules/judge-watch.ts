import type { AuditEvent, Change } from '../../lib/event';
import {
  type BillingSettings,
  canonicalTitle,
  isSameColumn,
  LOGGED_DATE,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
  WORK_REQUEST,
} from '../../lib/settings';
import type { Rules } from './rules';
import { unjudged } from './unjudged';

const ABOUT_WATCH: readonly Change['kind'][] = ['column_added', 'column_renamed', 'column_retyped', 'watch_gap'];

/** Whether a change is about a column, or about the watch as a whole. */
export function isAboutWatch({ kind }: Change): boolean {
  return ABOUT_WATCH.includes(kind);
}

/** Judges what concerns the watch itself: a span that nobody watched, a column that the rules can no longer find. */
export function judgeWatch(change: Change, rules: Rules): AuditEvent {
  const event = unjudged(change, rules);
  if (change.kind === 'watch_gap') {
    return {
      ...event,
      violation_type: 'WATCH_GAP',
      severity: 'HIGH',
      issue_description: `Changes to the sheet ${named(change)} may have gone unseen: ${change.new_value ?? 'it was not watched for a while'}.`,
      suggested_fix:
        'Look at the status of the Smartsheet Trigger, and read the activity log of the sheet in Smartsheet for that time.',
    };
  }
  if (change.kind === 'column_added' || change.kind === 'column_retyped') {
    const column = `The column "${change.column_name ?? ''}" of the sheet ${named(change)}`;
    const types = `has another type: ${change.new_value ?? 'unknown'}, before ${change.old_value ?? 'unknown'}`;
    const what = change.kind === 'column_added' ? 'was added' : types;
    return { ...event, issue_description: `${column} ${what}.`, suggested_fix: 'Nothing to do.' };
  }
  const [before, after] = [change.old_value ?? '', change.new_value];
  const renamed = `The column "${before}" of the sheet ${named(change)} ${after === null ? 'was removed' : `was renamed to "${after}"`}`;
  if (!isLost(before, after, rules.settings)) {
    return { ...event, issue_description: `${renamed}.`, suggested_fix: 'Nothing to do.' };
  }
  return {
    ...event,
    violation_type: 'CONFIGURATION_WEAKENED',
    severity: 'HIGH',
    issue_description: `${renamed}; the rules need it and cannot find it any more.`,
    suggested_fix:
      after === null
        ? 'Find out who deleted the column and why. Its values up to then are in the trail; name the column that takes its place in Other column names in Billing settings.'
        : 'Give the column its old title again, or add the new one to Other column names in Billing settings.',
  };
}

function named({ sheet_name, sheet_id }: Change): string {
  return sheet_name ? `"${sheet_name}"` : sheet_id;
}

/** Whether the rules used the column by its old title and know it no more by its new one. */
function isLost(before: string, after: string | null, settings: BillingSettings): boolean {
  const needed = [...settings.trackedColumns, LOGGED_DATE, WORK_REQUEST, UNITS_TOTAL_PRICE, REDLINED_TOTAL_PRICE];
  const wasNeeded = needed.some((each) => isSameColumn(each, before, settings));
  return wasNeeded && (after === null || canonicalTitle(after, settings) !== canonicalTitle(before, settings));
}
