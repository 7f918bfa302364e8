import { z } from 'zod';
import { wire } from '../define/wire';
import { ACT_KINDS } from './act-kinds';
import { actorKind, changeKind } from './change';
import { cellText, day, decimal, id, instant, score } from './formats';

export const violationType = z.enum([
  'HISTORICAL_CHANGE',
  'HISTORICAL_ROW_ADDED',
  'HISTORICAL_ROW_DELETED',
  'DATE_VALIDATION_ERROR',
  'APPROVED_CORRECTION',
  'NONE',
  'WATCH_GAP',
  'CONFIGURATION_WEAKENED',
]);

export const severity = z.enum(['LOW', 'MEDIUM', 'HIGH']);

/** One factor that raised the score, with the sentence a manager reads. */
export const reason = z.object({
  factor: z.string(),
  /** Hundredths; before the cap at 100. */
  points: z.number(),
  because: z.string(),
  /** Of a model's reason: what it adds to the log-odds of the score; it has no points. */
  log_odds: z.number().optional(),
  /** 0 nothing, 5 decisive. */
  strength: z.number().optional(),
  /** The event's figure, and the middle one of those that the model learned from. */
  value: z.number().nullable().optional(),
  typical: z.number().optional(),
});

/** The 25 fields of the contract, in its order. */
export const contractFields = {
  timestamp: instant.nullable(),
  sheet_id: id,
  row_id: id.nullable(),
  work_request: z.string().nullable(),
  column_name: z.string().nullable(),
  violation_type: violationType,
  old_value: cellText,
  new_value: cellText,
  delta: decimal.nullable(),
  changed_by: z.string().nullable(),
  changed_at: instant,
  week_ending: day.nullable(),
  is_historical: z.boolean().nullable(),
  audit_run_id: z.string(),
  severity,
  issue_description: z.string(),
  suggested_fix: z.string(),
  sheet_reference: z.string().nullable(),
  ip_address: z.string().nullable(),
  device_info: z.string().nullable(),
  session_id: z.string().nullable(),
  user_agent: z.string().nullable(),
  risk_score: score,
  anomaly_score: score,
  predicted_category: z.string().nullable(),
} as const;

/** What the store writes by itself: how a sheet was watched on a day, and what people did here. */
const KINDS_OF_THE_STORE = ['coverage', ...ACT_KINDS] as const;

/** A change of before this watch, that another program recorded; it stands in the chain `imported` and is judged by nobody. */
const IMPORTED = 'imported';

const NO_CHANGES = ['sheet_checked', IMPORTED, ...KINDS_OF_THE_STORE] as const;

/** All that an entry of the trail can be: an event, or who came and who did what beside changing cells (`lib/access`). */
export const KINDS_IN_TRAIL = [...changeKind.options, ...NO_CHANGES, 'access'] as const;

/**
 * A judged change. `timestamp` is null until the trail has stored it. Beside the 25 fields it carries what later nodes
 * and the trail need: its key, what kind of change it was, the reasons of its score.
 */
export const auditEventSchema = z.object({
  ...contractFields,
  event_key: z.string().min(1),
  kind: changeKind.or(z.enum(NO_CHANGES)),
  sheet_name: z.string(),
  changed_by_kind: actorKind,
  /** ISO 4217. */
  currency: z.string().length(3),
  approval_id: z.string().nullable(),
  /** The approval that came after the event was recorded; only the store gives it, and only where there is one. */
  approved_afterwards: z.string().optional(),
  intermediate_unknown: z.boolean(),
  reasons: z.array(reason),
  /** Risk facts that nobody could tell, by factor name: they added nothing to the score. */
  unknown_facts: z.array(z.string()),
  /** SHA-256 of the rules that judged it, as hexadecimal; see `billing_audit_rules`. */
  rules_hash: z.string().nullable(),
  /** SHA-256 of the description of the model that scored it; absent: rule points alone. See `billing_audit_models`. */
  model_version: z.string().nullable().optional(),
  values: z.record(z.string(), cellText),
});

export type AuditEvent = z.infer<typeof auditEventSchema>;
export type Severity = z.infer<typeof severity>;
export type ViolationType = z.infer<typeof violationType>;
export type Reason = z.infer<typeof reason>;

/** The contract's 25 names, in its order. */
export const CONTRACT_FIELDS = Object.keys(contractFields) as readonly (keyof typeof contractFields)[];

export const auditEvent = wire('audit-event', auditEventSchema);
