import { number, options, sheets } from '../../lib/define';
import { linked } from '../../lib/settings';
import { DATE_YEARS_AHEAD, DATE_YEARS_BACK } from './rules';

export const billingRulesFields = {
  operation: options({
    label: 'What to do',
    default: 'judge',
    options: [
      { value: 'judge', label: 'Judge each change' },
      { value: 'check', label: 'Check a sheet now' },
    ],
  }),
  sheets: sheets({
    label: 'Sheets to check',
    hint: 'Ids with commas. A message with a sheet_id of its own wins.',
    many: true,
    showWhen: { field: 'operation', is: ['check'] },
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
    min: 0,
    max: 200,
    integer: true,
    more: true,
  }),
  dateYearsAhead: number({
    label: 'Date too far ahead (years)',
    hint: 'A date whose year lies further ahead than this is too far in the future.',
    default: DATE_YEARS_AHEAD,
    min: 0,
    max: 200,
    integer: true,
    more: true,
  }),
} as const;
