import { number, options, string } from '../../lib/define';
import {
  DEFAULT_FINDINGS_A_DAY,
  DEFAULT_GROUP_MINUTES,
  DEFAULT_MAILS_PER_HOUR,
  DEFAULT_RISK_FROM,
} from '../../lib/alerts';

// No field takes expressions: recorded events are decided by these values also when no message arrives.
export const alertFields = {
  recipients: string({
    label: 'Who is told',
    hint: 'Mail addresses with commas. Empty: ALERT_TO; without any, alerts are only shown.',
    placeholder: 'manager@example.com, auditor@example.com',
    environment: 'ALERT_TO',
    weaker: 'fewer',
  }),
  alertFrom: number({
    label: 'Tell from a risk of',
    hint: 'From 0 to 1. From 0.70 on the rules alone are always told, whatever stands here.',
    default: DEFAULT_RISK_FROM,
    weaker: 'higher',
    min: 0,
    max: 1,
  }),
  severityFrom: options({
    label: 'Tell of violations',
    hint: 'Unapproved changes of high severity to a closed week are always told.',
    default: 'HIGH',
    weaker: { order: ['LOW', 'MEDIUM', 'HIGH', 'NONE'] },
    options: [
      { value: 'HIGH', label: 'of high severity' },
      { value: 'MEDIUM', label: 'of medium severity and higher' },
      { value: 'LOW', label: 'of any severity' },
      { value: 'NONE', label: 'only by their risk' },
    ],
  }),
  findingsADay: number({
    label: 'How many findings a day can you look at?',
    hint: 'The riskiest are told at once, the rest in one summary the next morning. What is always told is not counted.',
    default: DEFAULT_FINDINGS_A_DAY,
    weaker: 'lower',
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'a day',
  }),
  subjectPrefix: string({
    label: 'Subject begins with',
    hint: 'A short word for mail rules, such as [Billing].',
    placeholder: '[Billing]',
  }),
  mailsPerHour: number({
    label: 'Mails an hour, at most',
    hint: 'For each recipient. What comes after them waits for one summary; nothing is dropped.',
    default: DEFAULT_MAILS_PER_HOUR,
    min: 1,
    max: 1000,
    integer: true,
    more: true,
  }),
  groupMinutes: number({
    label: 'Gather for',
    hint: 'What one person does in one sheet within this time makes one mail and one that tells the rest.',
    default: DEFAULT_GROUP_MINUTES,
    min: 1,
    max: 1440,
    integer: true,
    unit: 'min',
    more: true,
  }),
} as const;
