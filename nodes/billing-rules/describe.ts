import { dayInWords } from '../../lib/calendar';
import { amountText, type AuditEvent, isEmpty, parseAmount } from '../../lib/event';
import { type BillingSettings, holdsMoney, LOGGED_DATE } from '../../lib/settings';
import { amountOfRow } from './amounts';
import type { Finding } from './finding';

/** What happened and what to do about it, in words and money, for people who do not know the rules. No names in it. */
export function describe(
  finding: Finding,
  settings: BillingSettings,
): Pick<AuditEvent, 'issue_description' | 'suggested_fix'> {
  const what = finding.column === null ? whatHappenedToRow(finding, settings) : whatHappenedToCell(finding);
  const issues = [`${what}${inWhichWeek(finding)}.`];
  if (finding.approval) issues.push(`The approved correction ${finding.approval.id} covers it.`);
  if (finding.change.changed_by_kind === 'api_client') issues.push(throughProgram(finding.change.change_agent));
  if (finding.change.intermediate_unknown) issues.push('The cell may have held other values in between.');
  issues.push(...finding.dateProblems.map(({ issue }) => issue));
  return { issue_description: issues.join(' '), suggested_fix: whatToDo(finding).join(' ') };
}

/** A program acts with a person's token: the person is named as who did it, and need not have been there. */
function throughProgram(agent: string | undefined): string {
  return agent === undefined ? 'A program wrote it.' : `A program wrote it that calls itself "${agent.slice(0, 80)}".`;
}

function whatHappenedToRow({ change, workRequest, currency }: Finding, settings: BillingSettings): string {
  const amount = amountOfRow(change.values, settings);
  const worth = amount === null ? '' : `, ${amountText(amount, currency)},`;
  const whose = workRequest === null ? 'without a work request' : `of work request ${workRequest}`;
  return `A row ${whose}${worth} ${ROW_VERBS[change.kind] ?? 'was changed'}`;
}

const ROW_VERBS: Partial<Record<Finding['change']['kind'], string>> = {
  row_added: 'was added',
  // Smartsheet lists no event for a move and promises a moved row no id: mostly nobody can tell one from a deletion.
  row_deleted: 'was deleted, or moved away,',
  row_moved: 'was moved out of the sheet',
};

function whatHappenedToCell({ change, column, delta, place, workRequest, currency }: Finding): string {
  const whose = workRequest === null ? 'a row without a work request' : `work request ${workRequest}`;
  const money = column !== null && holdsMoney(column) ? currency : undefined;
  const went = `${column} of ${whose} went from ${shown(change.old_value, money)} to ${shown(change.new_value, money)}`;
  const rise = parseAmount(delta);
  if (rise === null) return went;
  if (column !== LOGGED_DATE) return `${went} (${rise.gt(0) ? '+' : ''}${amountText(rise, money)})`;
  const direction = place.moved === 'into_closed' ? 'into' : 'out of';
  return `${went}, which moves ${amountText(rise.abs(), currency)} ${direction} a closed week,`;
}

function inWhichWeek({ isTracked, place, column }: Finding): string {
  if (!isTracked) return `; the column ${column} is not tracked`;
  if (place.weekEnding === null) {
    const why = place.dateIs === 'empty' ? 'the row has no' : 'nobody can read the';
    return `; ${why} ${LOGGED_DATE}, so it is unknown whether its week had closed`;
  }
  const week = `the week ending ${dayInWords(place.weekEnding)}`;
  return place.isHistorical ? ` after ${week} had closed` : ` in ${week}, which is open`;
}

function whatToDo({ change, isTracked, place, approval, dateProblems, column }: Finding): string[] {
  const fixes = dateProblems.map(({ fix }) => fix);
  if (isTracked && place.isHistorical && !approval) {
    const undo = column === null ? UNDO_ROW[change.kind] : `put ${shown(change.old_value)} back`;
    fixes.unshift(`Ask for the reason; then ${undo ?? 'undo it'}, or record an approved correction.`);
  }
  if (isTracked && place.isHistorical === null && fixes.length === 0) {
    fixes.push(`Fill in the ${LOGGED_DATE} of the row.`);
  }
  if (fixes.length > 0) return fixes;
  return [approval?.ticket ? `Nothing to do; see ticket ${approval.ticket}.` : 'Nothing to do.'];
}

const UNDO_ROW: Partial<Record<Finding['change']['kind'], string>> = {
  row_added: 'delete the row',
  row_deleted: 'add the row again, unless another sheet has it now',
  row_moved: 'move the row back',
};

/** A value as it is read aloud: money with its currency, nothing as `empty`, a long text cut. */
function shown(value: string | null, currency?: string): string {
  if (value === null || isEmpty(value)) return 'empty';
  const amount = currency === undefined ? null : parseAmount(value);
  if (amount !== null) return amountText(amount, currency);
  return value.length > 80 ? `"${value.slice(0, 80)}…"` : `"${value}"`;
}
