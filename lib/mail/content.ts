import type { AuditEvent } from '../event';

/** Why somebody is told: a stable code, and the sentence that is shown. */
export interface WhyTold {
  readonly code: string;
  readonly because: string;
}

/** Something to tell that is no change of a sheet: the watch or the alerts themselves. */
export interface Notice {
  readonly title: string;
  readonly text: string;
}

/** One alert, as a mail tells it: about an event, or a notice. */
export interface ToldAlert {
  readonly event: AuditEvent | null;
  readonly notice: Notice | null;
  readonly severity: 'LOW' | 'MEDIUM' | 'HIGH';
  /** True when no setting could have kept it back. */
  readonly always: boolean;
  readonly why: readonly WhyTold[];
}

/** How many alerts of one person, sheet, column and severity a mail holds, and by how much they move its amounts. */
export interface Tally {
  /** E-mail; null when nobody knows. */
  readonly person: string | null;
  readonly sheet_id: string | null;
  readonly sheet_name: string | null;
  readonly column_name: string | null;
  readonly severity: 'LOW' | 'MEDIUM' | 'HIGH';
  readonly currency: string | null;
  readonly count: number;
  /** Exact decimal text; null when no change of these has a number. */
  readonly delta: string | null;
}

/**
 * What one mail holds.
 * `first` tells of the row that began a group, `update` of all that followed in it, `digest` of what was held back
 * because the hour's mails were used up.
 */
export interface MailContent {
  readonly kind: 'first' | 'update' | 'digest';
  readonly recipient: string;
  /** All alerts that the mail stands for; `alerts` may hold fewer, `tallies` never do. */
  readonly total: number;
  /** The most severe first. */
  readonly alerts: readonly ToldAlert[];
  readonly tallies: readonly Tally[];
  /** When the group began. */
  readonly since: string;
  /** How many mails an hour and minutes of a group were in force. */
  readonly mailsPerHour: number;
  readonly groupMinutes: number;
}

/** What a mail is dressed with; nothing of it changes what it says. */
export interface MailFrame {
  /** Practice data: every subject says so. */
  readonly practice: boolean;
  /** Put before the subject; empty = nothing. */
  readonly subjectPrefix: string;
  /** IANA name in which times are said. */
  readonly timeZone: string;
  readonly columnAliases: Readonly<Record<string, string>>;
  /** The page that shows an event, or everything when there is none; null where there is no dashboard. */
  readonly dashboardLink: (eventKey: string | null) => string | null;
}

export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
