import { BadSetting } from '../errors';
import type { AlertThresholds } from './decide';
import { readAddresses } from './addresses';

/** What one Alert node asks for. It lives in the store, so that alerting goes on while no node runs. */
export interface AlertRule extends AlertThresholds {
  readonly ruleId: string;
  /** Addresses; empty = alerts are shown, not mailed. */
  readonly recipients: readonly string[];
  readonly mailsPerHour: number;
  readonly groupMinutes: number;
  /** How many findings a day are told at once; null = all. */
  readonly findingsADay: number | null;
  readonly frame: RuleFrame;
}

/** How the rule's mails are dressed. */
export interface RuleFrame {
  readonly subjectPrefix: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly columnAliases: Readonly<Record<string, string>>;
}

export interface RuleFields {
  readonly recipients: string;
  readonly alertFrom: number | null;
  readonly severityFrom: AlertThresholds['severityFrom'];
  readonly mailsPerHour: number | null;
  readonly groupMinutes: number | null;
  readonly subjectPrefix: string;
  /** Undefined where the host has no cap: no process that stays decides by sittings. */
  readonly findingsADay?: number | null | undefined;
}

export const DEFAULT_RISK_FROM = 0.7;
export const DEFAULT_MAILS_PER_HOUR = 10;
export const DEFAULT_GROUP_MINUTES = 10;
export const DEFAULT_FINDINGS_A_DAY = 20;

/**
 * The rule that a node's fields make.
 * @throws BadSetting  naming the addresses that are none, or a prefix that would break the subject
 */
export function ruleFrom(
  ruleId: string,
  fields: RuleFields,
  settings: { readonly timeZone: string; readonly columnAliases: Readonly<Record<string, string>> },
): AlertRule {
  if (fields.subjectPrefix.length > 40 || /\p{Cc}/u.test(fields.subjectPrefix)) {
    throw new BadSetting(
      'Subject begins with',
      'is longer than 40 characters or holds a line break',
      'Write a short word.',
    );
  }
  return {
    ruleId,
    recipients: readAddresses(fields.recipients, 'Who is told'),
    riskFrom: fields.alertFrom ?? DEFAULT_RISK_FROM,
    severityFrom: fields.severityFrom,
    mailsPerHour: fields.mailsPerHour ?? DEFAULT_MAILS_PER_HOUR,
    groupMinutes: fields.groupMinutes ?? DEFAULT_GROUP_MINUTES,
    findingsADay: fields.findingsADay === undefined ? null : (fields.findingsADay ?? DEFAULT_FINDINGS_A_DAY),
    frame: {
      subjectPrefix: fields.subjectPrefix.trim(),
      timeZone: settings.timeZone,
      columnAliases: settings.columnAliases,
    },
  };
}
