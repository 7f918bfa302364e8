import { columns, number, options, sheets, string } from '../../lib/define';

const SEARCHING = { field: 'operation', is: ['search'] } as const;
const READING = { field: 'operation', is: ['recent', 'search'] } as const;

/** The most that one message may ask for. */
export const MOST_EVENTS = 10_000;
export const USUAL_EVENTS = 100;

export const auditTrailFields = {
  operation: options({
    label: 'What to do',
    default: 'append',
    options: [
      { value: 'append', label: 'Record the event' },
      { value: 'recent', label: 'Give the latest events' },
      { value: 'search', label: 'Search events' },
    ],
  }),
  limit: number({
    label: 'At most',
    hint: 'How many events to give.',
    default: USUAL_EVENTS,
    min: 1,
    max: MOST_EVENTS,
    integer: true,
    expression: true,
    showWhen: READING,
  }),
  sheet: sheets({ label: 'Sheet', many: false, showWhen: SEARCHING }),
  person: string({ label: 'Changed by', placeholder: 'clerk@example.com', expression: true, showWhen: SEARCHING }),
  from: string({
    label: 'From',
    hint: 'A time such as 2026-01-31T00:00:00Z.',
    expression: true,
    showWhen: SEARCHING,
  }),
  to: string({ label: 'To', expression: true, showWhen: SEARCHING }),
  workRequest: string({ label: 'Work request', expression: true, showWhen: SEARCHING, more: true }),
  column: columns({ label: 'Column', many: false, showWhen: SEARCHING, more: true }),
  violation: options({
    label: 'Violation',
    default: '',
    options: [
      { value: '', label: 'Any' },
      { value: 'HISTORICAL_CHANGE', label: 'Change to a closed week' },
      { value: 'HISTORICAL_ROW_ADDED', label: 'Row added to a closed week' },
      { value: 'HISTORICAL_ROW_DELETED', label: 'Row gone from a closed week' },
      { value: 'DATE_VALIDATION_ERROR', label: 'Date that cannot be right' },
      { value: 'APPROVED_CORRECTION', label: 'Approved correction' },
      { value: 'WATCH_GAP', label: 'Time that nobody watched' },
      { value: 'CONFIGURATION_WEAKENED', label: 'Detection weakened' },
      { value: 'NONE', label: 'None' },
    ],
    showWhen: SEARCHING,
    more: true,
  }),
  severity: options({
    label: 'Severity',
    default: '',
    options: [
      { value: '', label: 'Any' },
      { value: 'HIGH', label: 'High' },
      { value: 'MEDIUM', label: 'Medium' },
      { value: 'LOW', label: 'Low' },
    ],
    showWhen: SEARCHING,
    more: true,
  }),
  riskFrom: number({
    label: 'Risk from',
    min: 0,
    max: 1,
    expression: true,
    showWhen: SEARCHING,
    more: true,
  }),
  text: string({ label: 'Any text', expression: true, showWhen: SEARCHING, more: true }),
  order: options({
    label: 'Order',
    default: 'newest',
    options: [
      { value: 'newest', label: 'Newest first' },
      { value: 'delta', label: 'Largest change first' },
      { value: 'money_at_risk', label: 'Most money at risk first' },
    ],
    showWhen: SEARCHING,
    more: true,
  }),
} as const;
