import type { AuditEvent } from '../event';
import type { ConfigurationChange } from './configuration';

/** Stands for no sheet of Smartsheet's: what the event is about is Billing Audit itself. */
export const OUR_OWN_SHEET = '0';
export const OUR_OWN_NAME = 'Billing Audit itself';

export interface Occasion {
  /** What the configuration is of, as `node-red`. */
  readonly scope: string;
  /** The number of this configuration in its scope. */
  readonly edition: number;
  /** Who deployed it; null: nobody was asked, or it was changed while nothing ran. */
  readonly by: string | null;
  /** ISO instant. */
  readonly at: string;
}

/** A change of the configuration as the trail takes it. One that weakens is HIGH, whatever settings say. */
export function eventOf(change: ConfigurationChange, place: number, { scope, edition, by, at }: Occasion): AuditEvent {
  const { subject, field, before, after, weakens, because } = change;
  return {
    ...NOTHING_OF_A_SHEET,
    event_key: `configuration:${scope}:${edition}:${place}`,
    sheet_id: OUR_OWN_SHEET,
    sheet_name: OUR_OWN_NAME,
    column_name: field === null ? subject : `${subject}: ${field}`,
    violation_type: weakens ? 'CONFIGURATION_WEAKENED' : 'NONE',
    severity: weakens ? 'HIGH' : 'LOW',
    old_value: before,
    new_value: after,
    changed_by: by,
    changed_by_kind: by === null ? 'unknown' : 'person',
    changed_at: at,
    audit_run_id: `configuration:${scope}:${edition}`,
    issue_description: because,
    suggested_fix: weakens
      ? 'Ask who deployed it why. If nobody knows, go back to an earlier version of the flow under Flow versions.'
      : 'Nothing to do.',
  };
}

const NOTHING_OF_A_SHEET = {
  kind: 'configuration',
  timestamp: null,
  row_id: null,
  work_request: null,
  delta: null,
  week_ending: null,
  is_historical: null,
  sheet_reference: null,
  ip_address: null,
  device_info: null,
  session_id: null,
  user_agent: null,
  risk_score: null,
  anomaly_score: null,
  predicted_category: null,
  currency: 'USD',
  approval_id: null,
  intermediate_unknown: false,
  reasons: [],
  unknown_facts: [],
  rules_hash: null,
  values: {},
} as const satisfies Partial<AuditEvent>;
