import { number, options, sheets, string } from '../../lib/define';
import { linked } from '../../lib/settings';
import { DATE_YEARS_AHEAD, DATE_YEARS_BACK } from './rules';

const APPROVING = { field: 'operation', is: ['approve'] } as const;

export const billingRulesFields = {
  operation: options({
    label: 'What to do',
    default: 'judge',
    options: [
      { value: 'judge', label: 'Judge each change' },
      { value: 'check', label: 'Check a sheet now' },
      { value: 'approve', label: 'Record an approval' },
    ],
  }),
  sheets: sheets({
    label: 'Sheets to check',
    hint: 'Ids with commas. A message with a sheet_id of its own wins.',
    many: true,
    showWhen: { field: 'operation', is: ['check'] },
  }),
  approver: string({
    label: 'Approved by',
    hint: 'Who is signed in: _client.user.name. Take it from the payload only where nobody signs in.',
    expression: true,
    showWhen: APPROVING,
    more: true,
  }),
  approverRole: string({
    label: 'Their role',
    hint: 'Of who is signed in: _client.user.role. Only a manager or an admin may approve. Empty: this flow vouches for a manager.',
    expression: true,
    showWhen: APPROVING,
    more: true,
  }),
  trackedColumns: linked('trackedColumns', false),
  timeZone: linked('timeZone', false),
  closesAfterHours: linked('closesAfterHours', false),
  severityHighAbove: linked('severityHighAbove', false),
  severityMediumAbove: linked('severityMediumAbove'),
  columnAliases: linked('columnAliases'),
  currencies: linked('currencies'),
  dateYearsBack: number({
    label: 'Date too old (years)',
    hint: 'A date whose year lies further back than this is too old.',
    default: DATE_YEARS_BACK,
    weaker: 'higher',
    min: 0,
    max: 200,
    integer: true,
    more: true,
  }),
  dateYearsAhead: number({
    label: 'Date too far ahead (years)',
    hint: 'A date whose year lies further ahead than this is too far in the future.',
    default: DATE_YEARS_AHEAD,
    weaker: 'higher',
    min: 0,
    max: 200,
    integer: true,
    more: true,
  }),
} as const;
