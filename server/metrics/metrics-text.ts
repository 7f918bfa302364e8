import type { RuntimeFacts } from '../../lib/runtime/open-homes';

/** One number, with what tells it from others of the same name. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface ProcessFacts {
  readonly version: string;
  /** Seconds since the process started. */
  readonly uptimeSeconds: number;
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Answers of `/rest/v1/rpc` since the start, by HTTP status. */
  readonly rpcAnswers?: Readonly<Record<string, number>>;
}

const STATES = ['ok', 'working', 'waiting', 'warning', 'error', 'off'] as const;

/**
 * The numbers in Prometheus' text format, version 0.0.4.
 * @param facts  null while no Runtime is open: then only the process tells of itself
 */
export function metricsText(facts: RuntimeFacts | null, process: ProcessFacts): string {
  const families = [
    ...ofProcess(process, facts !== null),
    ...(facts ? [...ofQueues(facts, process.now), ...ofWatch(facts), ...ofTimes(facts), ...ofBudgets(facts)] : []),
  ];
  return families.map(textOf).join('');
}

function ofProcess({ version, uptimeSeconds, memory, rpcAnswers = {} }: ProcessFacts, isOpen: boolean): Family[] {
  return [
    gauge('billing_audit_info', 'The version that runs.', { labels: { version }, value: 1 }),
    gauge('billing_audit_up', '1 when the store is open and callbacks can be stored.', { value: isOpen ? 1 : 0 }),
    gauge('billing_audit_uptime_seconds', 'Seconds since the start of the process.', { value: uptimeSeconds }),
    gauge(
      'billing_audit_memory_bytes',
      'Memory of the process.',
      { labels: { kind: 'resident' }, value: memory.rss },
      { labels: { kind: 'heap' }, value: memory.heapUsed },
    ),
    counter(
      'billing_audit_rpc_answers_total',
      'Answers of /rest/v1/rpc since the start, by HTTP status.',
      'status',
      rpcAnswers,
    ),
  ];
}

function ofQueues({ counts, outbox }: RuntimeFacts, now: number): Family[] {
  const oldest =
    counts.oldest_waiting_at === null ? 0 : Math.max(0, (now - Date.parse(counts.oldest_waiting_at)) / 1000);
  const queue = (name: string, value: number): Sample => ({ labels: { queue: name }, value });
  return [
    {
      name: 'billing_audit_events_total',
      type: 'counter',
      help: 'Changes of sheets in the trail, as the overview counts them.',
      samples: [{ value: counts.events }],
    },
    gauge(
      'billing_audit_waiting',
      'What waits, by queue.',
      queue('callbacks', counts.callbacks_waiting),
      queue('changes', counts.changes_waiting),
      queue('changes_handed_out', counts.changes_leased),
      queue('rows_provisional', counts.changes_provisional),
      ...(outbox ? [queue('alerts_undecided', outbox.undecided)] : []),
    ),
    gauge('billing_audit_oldest_waiting_seconds', 'Age of the oldest callback or change that waits.', {
      value: oldest,
    }),
    gauge(
      'billing_audit_dead',
      'Dead letters, by queue.',
      queue('callbacks', counts.callbacks_dead),
      queue('changes', counts.changes_dead),
    ),
    ...(outbox
      ? [
          gauge(
            'billing_audit_alert_mails',
            'Mails about alerts, by state.',
            ...Object.entries(outbox.states).map(([state, value]) => ({ labels: { state }, value })),
          ),
        ]
      : []),
  ];
}

const WEBHOOK_STATES = [
  'ENABLED',
  'NEW_NOT_VERIFIED',
  'DISABLED_BY_OWNER',
  'DISABLED_CALLBACK_FAILED',
  'DISABLED_VERIFICATION_FAILED',
  'DISABLED_SCOPE_INACCESSIBLE',
  'DISABLED_EXCEEDED_GRID_LIMITS',
  'DISABLED_ADMINISTRATIVE',
  'DISABLED_APP_REVOKED',
  'unknown',
] as const;

/** When things last happened, in seconds since 1970; what never did since the start is left out. */
function ofTimes({ sheets, lastCallbackAt }: RuntimeFacts): Family[] {
  const timed = (name: string, help: string, of: 'lastCallbackAt' | 'lastCompareAt'): Family =>
    gauge(
      name,
      help,
      ...sheets.flatMap((sheet) => {
        const at = sheet[of];
        return at === null ? [] : [{ labels: { sheet: sheet.sheetId }, value: at / 1000 }];
      }),
    );
  return [
    gauge(
      'billing_audit_last_callback_timestamp_seconds',
      'When the last callback was accepted.',
      ...(lastCallbackAt === null ? [] : [{ value: Date.parse(lastCallbackAt) / 1000 }]),
    ),
    timed('billing_audit_sheet_last_callback_timestamp_seconds', 'When the last callback was read.', 'lastCallbackAt'),
    timed('billing_audit_sheet_last_compare_timestamp_seconds', 'When the version was last compared.', 'lastCompareAt'),
  ];
}

function ofBudgets({ budgets }: RuntimeFacts): Family[] {
  return [
    gauge(
      'billing_audit_budget_spent',
      'Requests to Smartsheet within the last minute, by token (the beginning of its hash).',
      ...budgets.map(({ token, spent }) => ({ labels: { token }, value: spent })),
    ),
    gauge(
      'billing_audit_budget_left',
      "What is left of the token's minute.",
      ...budgets.flatMap(({ token, spent, perMinute }) =>
        perMinute === null ? [] : [{ labels: { token }, value: Math.max(0, perMinute - spent) }],
      ),
    ),
  ];
}

function ofWatch({ sheets, answers, refusals, inbox }: RuntimeFacts): Family[] {
  return [
    ...(inbox
      ? [
          gauge('billing_audit_inbox_waiting', 'Callbacks that are durable and not in the database yet.', {
            value: inbox.waiting,
          }),
        ]
      : []),
    gauge(
      'billing_audit_sheet_watched',
      '1 for how the sheet is watched now; none of both: it is not.',
      ...sheets.flatMap(({ sheetId, how }) =>
        (['webhook', 'polling'] as const).map((by) => ({ labels: { sheet: sheetId, by }, value: how === by ? 1 : 0 })),
      ),
    ),
    gauge(
      'billing_audit_sheet_state',
      '1 for the state of the watch of the sheet.',
      ...sheets.flatMap(({ sheetId, status }) =>
        STATES.map((state) => ({ labels: { sheet: sheetId, state }, value: status.state === state ? 1 : 0 })),
      ),
    ),
    gauge(
      'billing_audit_webhook_status',
      '1 for the status of the webhook of the sheet, as Smartsheet last said.',
      ...sheets.flatMap(({ sheetId, webhook }) =>
        webhook === null
          ? []
          : WEBHOOK_STATES.map((status) => ({ labels: { sheet: sheetId, status }, value: webhook === status ? 1 : 0 })),
      ),
    ),
    counter(
      'billing_audit_webhook_answers_total',
      'Answers of /webhook since the start, by HTTP status.',
      'status',
      answers,
    ),
    counter(
      'billing_audit_webhook_refusals_total',
      'Refused requests to /webhook since the start, by reason.',
      'reason',
      refusals,
    ),
  ];
}

function gauge(name: string, help: string, ...samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, label: string, counted: Readonly<Record<string, number>>): Family {
  const samples = Object.entries(counted).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name, type: 'counter', help, samples };
}

function textOf({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
