import { columns, number, options, sheets, string } from '../../lib/define';

const SEARCHING = { field: 'operation', is: ['search'] } as const;
const RECORDING = { field: 'operation', is: ['append'] } as const;
const READING = { field: 'operation', is: ['recent', 'search'] } as const;

/** The most that one message may ask for. */
export const MOST_EVENTS = 10_000;
export const USUAL_EVENTS = 100;

/** How many rows a sheet of Smartsheet may have; ours are full before that, since others write there too. */
export const USUAL_SHEET_ROWS = 19_000;

/** Every recorded event as a row of a sheet too. Left out where nobody is there to write lastingly. */
export const auditSheetFields = {
  auditSheet: options({
    label: 'Also write to a sheet',
    hint: 'Each event recorded from now on becomes a row in Smartsheet too, whichever node records it.',
    default: 'off',
    weaker: { order: ['off'] },
    options: [
      { value: 'off', label: 'No' },
      { value: 'make', label: 'Billing Report Audit Log, made where it is missing' },
      { value: 'choose', label: 'A sheet that I choose' },
    ],
    showWhen: RECORDING,
    more: true,
  }),
  auditSheetId: sheets({
    label: 'Audit sheet',
    hint: 'Needs the columns of Billing Report Audit Log. Never a billing sheet.',
    many: false,
    showWhen: { field: 'auditSheet', is: ['choose'] },
    more: true,
  }),
  auditSheetRows: number({
    label: 'Next sheet after',
    hint: 'A sheet with so many rows is full: the next one has the month in its name. Smartsheet takes 20,000 at most.',
    default: USUAL_SHEET_ROWS,
    min: 10,
    max: 20_000,
    integer: true,
    unit: 'rows',
    showWhen: { field: 'auditSheet', is: ['make', 'choose'] },
    more: true,
  }),
  scriptAccount: string({
    label: 'Account of audit_billing_changes.py',
    hint: 'Its mail address, where that script runs: what it changes is recorded as the work of a program.',
    placeholder: 'reports@example.com',
    showWhen: RECORDING,
    more: true,
  }),
} as const;

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
  ...auditSheetFields,
} as const;
