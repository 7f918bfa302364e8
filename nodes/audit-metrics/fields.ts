import { number, options, string } from '../../lib/define';

const SHOWING = { field: 'operation', is: ['overview'] } as const;
const MARKING = { field: 'operation', is: ['mark', 'judge', 'seen', 'replay'] } as const;

/** Rows on one page of the table of changes, and of what needs a look: that one stands above the charts. */
export const PAGE_ROWS = 25;
export const ATTENTION_ROWS = 8;
/** Alerts in the list behind the bell. */
export const ALERT_ROWS = 8;

export const auditMetricsFields = {
  operation: options({
    label: 'What to do',
    default: 'overview',
    options: [
      { value: 'overview', label: 'Give the overview', about: 'Overview' },
      { value: 'attention', label: 'Give a page of what needs a look', about: 'Change' },
      { value: 'changes', label: 'Give a page of changes', about: 'Change' },
      { value: 'patterns', label: 'Give what is usual', about: 'Overview' },
      { value: 'mark', label: 'Record a verdict', about: 'Change' },
      { value: 'judge', label: 'Record whether it was a real problem', about: 'Change' },
      { value: 'seen', label: 'Record that somebody has seen the alerts', about: 'Alert' },
      { value: 'dead', label: 'Give the callbacks that were given up', about: 'Dead letter' },
      { value: 'replay', label: 'Put callbacks that were given up back to work', about: 'Dead letter' },
    ],
  }),
  days: number({
    label: 'Charts cover',
    hint: 'Hours up to 7 days, days above.',
    default: 7,
    min: 1,
    max: 400,
    integer: true,
    unit: 'days',
    expression: true,
    showWhen: SHOWING,
  }),
  riskFrom: number({
    label: 'High risk from',
    hint: 'A change of this risk needs a look, whatever its severity.',
    default: 0.7,
    min: 0.4,
    max: 1,
    expression: true,
  }),
  by: string({
    label: 'Who it is',
    hint: 'Who is signed in, as the server knows it. Never take it from the payload: a browser may send anything.',
    expression: true,
    showWhen: MARKING,
  }),
  role: string({
    label: 'Their role',
    hint: 'Only a manager or an admin may mark, an auditor may say whether it was a real problem. Whoever has a role may see.',
    expression: true,
    showWhen: MARKING,
  }),
} as const;
