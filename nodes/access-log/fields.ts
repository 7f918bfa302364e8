import { boolean, multiOptions, number, options, string } from '../../lib/define';

const READING = { field: 'operation', is: ['new', 'search'] } as const;
const NEW = { field: 'operation', is: ['new'] } as const;
const SEARCHING = { field: 'operation', is: ['search'] } as const;

/** The most that one message may ask for. */
export const MOST_EVENTS = 10_000;
export const USUAL_EVENTS = 100;

export const accessLogFields = {
  operation: options({
    label: 'What to do',
    default: 'new',
    options: [
      { value: 'new', label: 'Give what is new' },
      { value: 'search', label: 'Search the log' },
      { value: 'record', label: 'Record an event' },
    ],
  }),
  kinds: multiOptions({
    label: 'Kinds',
    hint: 'None chosen: all.',
    options: [
      { value: 'sign_ins', label: 'Sign-ins' },
      { value: 'failed', label: 'Failed and refused' },
      { value: 'sessions', label: 'Ended sessions' },
      { value: 'people', label: 'People and groups' },
      { value: 'administration', label: 'Flows, modules, settings, commands' },
      { value: 'shares', label: 'Shares' },
      { value: 'exports', label: 'Exports' },
      { value: 'deletions', label: 'Deletions' },
      { value: 'tokens', label: 'Access tokens' },
      { value: 'other', label: 'Other' },
    ],
    showWhen: READING,
  }),
  live: boolean({
    label: 'By itself',
    hint: 'Gives each event within seconds. Off: only when a message asks.',
    default: true,
    showWhen: NEW,
  }),
  eventReporting: boolean({
    label: 'Read Smartsheet',
    hint: "Sign-ins, shares, exports, deletions and addresses, from Smartsheet's Event Reporting. Needs a plan that has it and the token of a system administrator.",
    default: true,
    showWhen: NEW,
  }),
  person: string({ label: 'Person', placeholder: 'clerk@example.com', expression: true, showWhen: SEARCHING }),
  from: string({
    label: 'From',
    hint: 'A time such as 2026-01-31T00:00:00Z.',
    expression: true,
    showWhen: SEARCHING,
  }),
  to: string({ label: 'To', expression: true, showWhen: SEARCHING, more: true }),
  text: string({ label: 'Any text', expression: true, showWhen: SEARCHING, more: true }),
  limit: number({
    label: 'At most',
    hint: 'How many events to give.',
    default: USUAL_EVENTS,
    min: 1,
    max: MOST_EVENTS,
    integer: true,
    expression: true,
    showWhen: READING,
    more: true,
  }),
  every: number({
    label: 'Look every',
    hint: 'How often Event Reporting is read.',
    default: 60,
    min: 5,
    max: 3600,
    integer: true,
    unit: 's',
    showWhen: NEW,
    more: true,
  }),
} as const;
