import type { Kind } from './attacks';

const on = (stream: string, seq: number): string => `stream = 'sheet:${stream}' and seq = ${seq}`;
const columns = `stream, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type, delta, currency,
  changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score, anomaly_score, predicted_category,
  approval_id, intermediate_unknown, rules_hash, model_version, flow_version, commitment, previous_hash, preimage, hash`;
const copyOf = (stream: string, from: number, seq: number, key: string): string =>
  `insert into billing_audit.audit_events (seq, ${columns}) select ${seq}, ${columns.replace('event_key', key)} from billing_audit.audit_events where ${on(stream, from)}`;
/** An attack in SQL, on an event of a sheet's chain whose last number is `last`, for whoever may do everything. */
type SqlAttack = (stream: string, seq?: number, last?: number) => string;
export const SQL_ATTACKS: Record<Exclude<Kind, 'tail cut' | 'forked copy'>, SqlAttack> = {
  edit: (stream, seq = 3) => `update billing_audit.audit_events set delta = -12345 where ${on(stream, seq)}`,
  'edit values': (stream, seq = 3) =>
    `update billing_audit.event_payloads set payload = payload || '{"new_value": "-12345"}' where ${on(stream, seq)}`,
  delete: (stream, seq = 3) =>
    `delete from billing_audit.event_payloads where ${on(stream, seq)}; delete from billing_audit.audit_events where ${on(stream, seq)}`,
  insert: (
    stream,
    seq = 3,
  ) => `update billing_audit.audit_events set seq = seq + 1000 where stream = 'sheet:${stream}' and seq > ${seq};
    update billing_audit.audit_events set seq = seq - 999 where stream = 'sheet:${stream}' and seq > 1000; ${copyOf(stream, seq, seq + 1, `'forged'`)}`,
  swap: (stream, seq = 3) => `update billing_audit.audit_events set seq = 1000 where ${on(stream, seq)};
    update billing_audit.audit_events set seq = ${seq} where ${on(stream, seq + 1)}; update billing_audit.audit_events set seq = ${seq + 1} where ${on(stream, 1000)}`,
  duplicate: (stream, seq = 3, last = 5) => copyOf(stream, seq, last + 1, `event_key || ':again'`),
  'bit flip': (stream, seq = 3) =>
    `update billing_audit.audit_events set hash = set_bit(hash, 9, 1 - get_bit(hash, 9)) where ${on(stream, seq)}`,
  rewrite: (stream, seq = 1) => `
    update billing_audit.audit_events set severity = 'LOW', delta = -12345 where stream = 'sheet:${stream}' and seq >= ${seq};
    do $$ declare e billing_audit.audit_events; h bytea := billing_audit.genesis('sheet:${stream}'); begin
      for e in select * from billing_audit.audit_events where stream = 'sheet:${stream}' order by seq loop
        update billing_audit.audit_events as a set previous_hash = h, preimage = billing_audit.event_preimage(e),
          hash = sha256(h || convert_to(billing_audit.event_preimage(e), 'UTF8')) where a.stream = e.stream and a.seq = e.seq
        returning a.hash into h;
      end loop;
      update billing_audit.streams set head = h where stream = 'sheet:${stream}';
      update billing_audit.tree_leaves as l set hash = a.hash from billing_audit.audit_events as a
        where a.stream = l.stream and a.seq = l.seq and a.stream = 'sheet:${stream}';
    end $$`,
  'clock rollback': (stream, seq = 3) =>
    `update billing_audit.audit_events set recorded_at = recorded_at - interval '30 days' where ${on(stream, seq)}`,
};
