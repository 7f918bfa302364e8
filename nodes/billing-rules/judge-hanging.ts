import { type AuditEvent, type Change, workRequestOf } from '../../lib/event';
import { cellOf, WORK_REQUEST } from '../../lib/settings';
import type { Rules } from './rules';
import { unjudged } from './unjudged';
import { placeOfRow } from './week';

type HangingKind = Extract<Change['kind'], `${'attachment' | 'discussion' | 'comment'}_${string}`>;

const WORDS: Readonly<Record<HangingKind, (said: string) => string>> = {
  attachment_created: (said) => `The file or link ${said} was attached`,
  attachment_updated: (said) => `The attachment ${said} was given a new version`,
  attachment_deleted: (said) => `The attachment ${said} was deleted`,
  discussion_created: (said) => `A discussion was begun: ${said}`,
  discussion_updated: (said) => `A discussion was changed: ${said}`,
  discussion_deleted: (said) => `A discussion was deleted: ${said}`,
  comment_created: (said) => `A comment was written: ${said}`,
  comment_updated: (said) => `A comment was changed: ${said}`,
  comment_deleted: (said) => `A comment was deleted: ${said}`,
};

/** Whether a change is about an attachment, a discussion or a comment. */
export function isHanging(change: Change): change is Change & { readonly kind: HangingKind } {
  return change.kind in WORDS;
}

/**
 * What hangs on a row bills nothing: it is told, with its row's work request and week, and is never a violation. Whether
 * that week had closed is left out, since nothing in it changed.
 */
export function judgeHanging(change: Change & { readonly kind: HangingKind }, rules: Rules): AuditEvent {
  const { settings } = rules;
  const workRequest = workRequestOf(cellOf(change.values, WORK_REQUEST, settings));
  const whose = workRequest === null ? 'a row without a work request' : `work request ${workRequest}`;
  const where = change.row_id === null ? `on the sheet ${named(change)}` : `on ${whose}`;
  const said = change.new_value ?? change.old_value;
  const what = WORDS[change.kind](said === null ? 'nobody can tell any more which' : `"${said}"`);
  return {
    ...unjudged(change, rules),
    work_request: workRequest,
    week_ending: placeOfRow(change.values, change.changed_at, settings).weekEnding,
    issue_description: `${what} (${where}).`,
    suggested_fix: 'Nothing to do.',
  };
}

function named({ sheet_name, sheet_id }: Change): string {
  return sheet_name ? `"${sheet_name}"` : sheet_id;
}
