/**
 * SQL that gives the events and payloads that lie in another month than that of their recording (UTC), or of which the
 * directory or the head of a chain tells otherwise.
 */
export const OUT_OF_PLACE = `
  select e.stream, e.seq from billing_audit.audit_events as e
  left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
  left join billing_audit.event_keys as k on k.event_key = e.event_key
  where right(e.tableoid::regclass::text, 7) <> to_char(e.recorded_at at time zone 'UTC', 'YYYY_MM')
    or right(d.tableoid::regclass::text, 7) is distinct from to_char(e.recorded_at at time zone 'UTC', 'YYYY_MM')
    or (k.stream, k.seq, k.recorded_at) is distinct from (e.stream, e.seq, e.recorded_at)
  union all
  select s.stream, s.seq from billing_audit.streams as s
  where s.seq <> (select count(*) from billing_audit.audit_events as e where e.stream = s.stream)`;
