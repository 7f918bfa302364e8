import type { StoredEvent } from '../../../lib/seal';

/** The schema that the lines follow: https://schema.ocsf.io/1.3.0/classes/entity_management. */
export const OCSF_VERSION = '1.3.0';
const CATEGORY = 3;
const CLASS = 3004;

/** What the chain says of an event, in the order of its text; see `billing_audit.event_preimage`. */
const COLUMNS = [
  'form,stream,seq,recorded_at,event_key,kind,sheet_id,row_id,work_request,column_name,violation_type,delta,currency',
  'changed_by_kind,changed_at,week_ending,is_historical,audit_run_id,severity,risk_score,anomaly_score',
  'predicted_category,approval_id,intermediate_unknown,rules_hash,model_version,flow_version,commitment',
]
  .join(',')
  .split(',');

type Facts = Readonly<Record<string, unknown>>;

/**
 * An event of the trail as OCSF Entity Management. The table of what becomes what is in docs/keeping.md; what has no
 * place there is in `unmapped`, so that nothing is lost. What is unknown is left out: nothing is invented.
 */
export function ocsfEvent(stored: StoredEvent, product: { readonly version: string }): Facts {
  const told = factsOf(stored.preimage);
  const payload = stored.payload === null ? {} : (JSON.parse(stored.payload) as Facts);
  const activity = activityOf(text(told, 'kind') ?? '');
  const severity = severityOf(text(told, 'severity'));
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_uid: CATEGORY,
    category_name: 'Identity & Access Management',
    class_uid: CLASS,
    class_name: 'Entity Management',
    type_uid: CLASS * 100 + activity.id,
    type_name: `Entity Management: ${activity.name}`,
    severity_id: severity.id,
    severity: severity.name,
    // It happened: what the trail records are changes that were made.
    status_id: 1,
    status: 'Success',
    time: Date.parse(text(told, 'changed_at') ?? ''),
    ...given('message', text(payload, 'issue_description')),
    metadata: metadataOf(stored, told, product),
    ...actorOf(told, payload),
    ...given('src_endpoint', text(payload, 'ip_address') && { ip: text(payload, 'ip_address') }),
    entity: entityOf(told, payload, 'old_value'),
    entity_result: entityOf(told, payload, 'new_value'),
    ...given('comment', text(payload, 'suggested_fix')),
    unmapped: unmapped(stored, told, payload),
  };
}

function metadataOf(stored: StoredEvent, told: Facts, { version }: { readonly version: string }): Facts {
  return {
    version: OCSF_VERSION,
    product: { name: 'Billing Audit for Smartsheet', vendor_name: 'Billing Audit', version },
    uid: stored.event_key,
    sequence: stored.seq,
    log_name: stored.stream,
    event_code: text(told, 'violation_type'),
    correlation_uid: text(told, 'audit_run_id'),
    original_time: text(told, 'changed_at'),
    logged_time: Date.parse(stored.recorded_at),
  };
}

/** Left out where nobody is known: a SIEM must not show a person who may not have been it. */
function actorOf(told: Facts, payload: Facts): Facts {
  const person = text(payload, 'changed_by');
  const session = text(payload, 'session_id');
  if (person === null) return text(told, 'changed_by_kind') === 'person' ? {} : given('actor', appOf(told));
  return {
    actor: { user: { uid: person, email_addr: person, type_id: 1 }, ...given('session', session && { uid: session }) },
  };
}

function appOf(told: Facts): Facts | null {
  const kind = text(told, 'changed_by_kind');
  return kind === null || kind === 'unknown' ? null : { app_name: `Smartsheet ${kind}` };
}

/** The cell, the row or the sheet, with what it held before or holds now. */
function entityOf(told: Facts, payload: Facts, which: 'old_value' | 'new_value'): Facts {
  const [sheet, row, column] = ['sheet_id', 'row_id', 'column_name'].map((name) => text(told, name));
  const parts = [sheet, row, column].filter((part) => typeof part === 'string');
  const type = column ? 'cell' : row ? 'row' : 'sheet';
  return {
    uid: parts.join('/'),
    type: row === null && column ? 'column' : type,
    ...given('name', [text(payload, 'sheet_name') || sheet, column].filter((part) => part).join(' / ')),
    data: { sheet_id: sheet, row_id: row, column_name: column, value: payload[which] ?? null },
  };
}

function unmapped(stored: StoredEvent, told: Facts, payload: Facts): Facts {
  const placed = new Set(['form', 'stream', 'seq', 'recorded_at', 'event_key', 'severity', 'changed_at']);
  const of = (facts: Facts): [string, unknown][] =>
    Object.entries(facts).filter(([name, value]) => !placed.has(name) && value !== null);
  return {
    ...Object.fromEntries([...of(told), ...of(payload)]),
    erased: stored.payload === null,
    proof: { previous_hash: stored.previous_hash, hash: stored.hash, leaf_index: stored.leaf_index },
  };
}

function activityOf(kind: string): { readonly id: number; readonly name: string } {
  if (/_(added|created|set)$/.test(kind)) return { id: 1, name: 'Create' };
  if (/_(changed|renamed|retyped|updated|moved)$/.test(kind)) return { id: 3, name: 'Update' };
  if (/_(deleted|removed|erased|released)$/.test(kind)) return { id: 4, name: 'Delete' };
  return { id: 99, name: 'Other' };
}

function severityOf(severity: string | null): { readonly id: number; readonly name: string } {
  if (severity === 'HIGH') return { id: 4, name: 'High' };
  if (severity === 'MEDIUM') return { id: 3, name: 'Medium' };
  return severity === 'LOW' ? { id: 2, name: 'Low' } : { id: 0, name: 'Unknown' };
}

function factsOf(preimage: string): Facts {
  const values = JSON.parse(preimage) as unknown[];
  return Object.fromEntries(COLUMNS.map((name, at) => [name, values[at] ?? null]));
}

function text(facts: Facts, name: string): string | null {
  const value = facts[name];
  return typeof value === 'string' ? value : null;
}

function given(name: string, value: unknown): Facts {
  return value === null || value === undefined || value === '' ? {} : { [name]: value };
}
