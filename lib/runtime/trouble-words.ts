import { BillingAuditError, messageOf } from '../errors';
import { timeText } from '../mail';
import { SmartsheetRefused } from '../smartsheet';
import type { WatchTrouble } from './sheet-troubles';
import type { TroubleKind } from './troubles';

/** What is told of a trouble: to an administrator, who has not looked at the log. */
export interface TroubleNotice {
  readonly severity: 'HIGH' | 'MEDIUM';
  readonly title: string;
  readonly text: string;
}

const NOT_SEEN =
  'Until then nobody sees what changes there; once the sheet can be read again it is compared, and what changed is found.';

/**
 * What is wrong with which sheet since when, what to do, and what it means meanwhile.
 * @param sheet     name and id
 * @param timeZone  in which the time is said
 */
export function beginning(
  { kind, failure, since, pollSeconds }: WatchTrouble,
  sheet: string,
  timeZone: string,
): TroubleNotice {
  const hint = failure instanceof BillingAuditError ? ` What to do: ${failure.hint}` : '';
  const when = timeText(new Date(since).toISOString(), timeZone);
  const said = `Since ${when}: ${withStop(messageOf(failure))}${hint} ${meanwhile(kind, pollSeconds)}`;
  // A webhook has polling in its place, callbacks the compare; without the others nothing is seen.
  const severity = kind === 'webhook' || kind === 'callbacks' ? 'MEDIUM' : 'HIGH';
  return { severity, title: titleOf(kind, failure, sheet), text: said };
}

/** That a trouble is over, what it was, and how long it was there. */
export function ending(
  kind: TroubleKind,
  sheet: string,
  trouble: { readonly title: string; readonly began_at: string; readonly ended_at: string },
  timeZone: string,
): { readonly title: string; readonly text: string } {
  const from = timeText(trouble.began_at, timeZone);
  const to = timeText(trouble.ended_at, timeZone);
  return { title: ENDS[kind](sheet), text: `${trouble.title}: from ${from} to ${to}. ${AFTERWARDS[kind]}` };
}

/** That a trouble is closed because nobody watches the sheet any more, which says nothing of how the sheet is. */
export function endingUnwatched(
  sheet: string,
  trouble: { readonly title: string; readonly began_at: string },
  timeZone: string,
): { readonly title: string; readonly text: string } {
  const from = timeText(trouble.began_at, timeZone);
  return { title: `Sheet ${sheet} is no longer watched`, text: `${trouble.title}: since ${from}. ${UNWATCHED}` };
}

function titleOf(kind: TroubleKind, failure: unknown, sheet: string): string {
  switch (kind) {
    case 'token':
      return `Sheet ${sheet} is not watched: Smartsheet refuses the token`;
    case 'sheet':
      return failure instanceof SmartsheetRefused && failure.isNotFound
        ? `Sheet ${sheet} is not watched: it is not found any more, or not shared`
        : `Sheet ${sheet} is not watched: Smartsheet refuses access`;
    case 'webhook':
      return `The webhook of sheet ${sheet} does not work`;
    case 'callbacks':
      return `Callbacks of sheet ${sheet} cannot be resolved`;
    case 'watch':
      return `Sheet ${sheet} cannot be watched`;
  }
}

function meanwhile(kind: TroubleKind, pollSeconds: number): string {
  if (kind === 'webhook') {
    return `Until then the sheet's version is looked at every ${pollSeconds} seconds, so changes are found, only later.`;
  }
  return kind === 'callbacks'
    ? 'The sheet is compared from time to time all the same, so changes are found, only later. A callback is given up after eight tries and kept as a dead letter.'
    : NOT_SEEN;
}

const WATCHED_AGAIN = (sheet: string): string => `Sheet ${sheet} is watched again`;
const ENDS: Readonly<Record<TroubleKind, (sheet: string) => string>> = {
  token: WATCHED_AGAIN,
  sheet: WATCHED_AGAIN,
  watch: WATCHED_AGAIN,
  webhook: (sheet) => `The trouble with the webhook of sheet ${sheet} is over`,
  callbacks: (sheet) => `Callbacks of sheet ${sheet} are resolved again`,
};

const COMPARED = 'The sheet is compared after that, so what changed meanwhile is found. Nothing is left to do.';
const AFTERWARDS: Readonly<Record<TroubleKind, string>> = {
  token: COMPARED,
  sheet: COMPARED,
  watch: COMPARED,
  webhook: COMPARED,
  callbacks:
    'None waits any more. One that was given up is counted among the dead letters of /health; the sheet has been compared since.',
};

const UNWATCHED =
  'No Smartsheet Trigger names the sheet any more, so this is not looked after any longer, and nobody sees what changes there. If it should be watched, name it in a trigger again.';

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
