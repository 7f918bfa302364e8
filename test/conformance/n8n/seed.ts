import { newAccessEventSchema } from '../../../lib/access';
import { auditEventSchema, type AuditEvent } from '../../../lib/event';
import type { ObservedRow, Store } from '../../../lib/store/store';
import type { ConformanceFacts } from '../cases';

/** Tells a real store what a case says is known, by the calls by which it would have come to know. */
export async function seed(
  store: Store,
  { people, approvals, sheets, earlier, trail, access }: ConformanceFacts,
): Promise<void> {
  if (people.length > 0) await store.savePeople(people);
  for (const approval of approvals) await store.approve({ ...approval, role: 'manager' });
  for (const sheet of sheets) {
    await store.resolve({
      sheet_id: sheet.sheet_id,
      sheet_name: sheet.name,
      columns: sheet.columns,
      version: 1,
      rows: sheet.rows.map(observedRow),
      removed: [],
      baseline: true,
      audit_run_id: 'poll:1',
      found_by: 'poll',
      callback_ids: [],
      observed_at: EARLY,
    });
  }
  if (earlier.length > 0) await store.append(earlier.map(earlierEvent));
  for (const event of trail) await store.append([auditEventSchema.parse(event)]);
  await store.recordAccess({ events: access.map((event) => newAccessEventSchema.parse(event)) });
}

const EARLY = '2026-01-01T00:00:00.000Z';

function observedRow({ row_id, cells }: ConformanceFacts['sheets'][number]['rows'][number]): ObservedRow {
  return {
    row_id,
    version: 1,
    created_at: EARLY,
    created_by: null,
    modified_at: null,
    modified_by: null,
    cells: Object.entries(cells).map(([column_id, value]) => ({
      column_id,
      steps: [{ value, changed_by: null, changed_by_kind: 'unknown', changed_at: EARLY }],
    })),
    sheet_reference: null,
  };
}

/** Something that a person did once, in a sheet that no case looks at. */
function earlierEvent({ changed_by, changed_at }: ConformanceFacts['earlier'][number], index: number): AuditEvent {
  return {
    timestamp: null,
    sheet_id: '999999',
    row_id: '1',
    work_request: null,
    column_name: 'Note',
    violation_type: 'NONE',
    old_value: null,
    new_value: String(index),
    delta: null,
    changed_by,
    changed_at,
    week_ending: null,
    is_historical: null,
    audit_run_id: 'poll:1',
    severity: 'LOW',
    issue_description: 'A note was written.',
    suggested_fix: 'Nothing to do.',
    sheet_reference: null,
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: null,
    anomaly_score: null,
    predicted_category: null,
    event_key: `999999:1:1:${index + 1}`,
    kind: 'cell_changed',
    sheet_name: 'Notes',
    changed_by_kind: 'person',
    currency: 'USD',
    approval_id: null,
    intermediate_unknown: false,
    reasons: [],
    unknown_facts: [],
    rules_hash: null,
    values: {},
  };
}
