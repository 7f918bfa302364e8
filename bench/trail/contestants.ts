import type { Client } from 'pg';
import type { AuditEvent } from '../../lib/event/audit-event';

/** One way to store events; all take the same events as one JSON parameter, in one statement and commit. */
export interface Contestant {
  readonly name: string;
  readonly sql: string;
}

/** Peers live beside the product, in the same database and on the same disk. */
export const PEERS = `
create schema if not exists peers;
create table peers.plain (id bigint generated always as identity primary key, at timestamptz not null default now(), event jsonb not null);
create table peers.heads (stream text primary key, seq bigint not null, head bytea not null);
create table peers.chain (
  stream text not null, seq bigint not null, at timestamptz not null, previous_hash bytea not null, event text not null,
  hash bytea not null, primary key (stream, seq));
create function peers.next_hash(hash bytea, head bytea, event text) returns bytea language sql immutable
return sha256(coalesce(hash, head) || convert_to(event, 'UTF8'));
create aggregate peers.chained(head bytea, event text) (sfunc = peers.next_hash, stype = bytea);
-- A bare chain: the heads locked, each event hashed over the one before, one table with its primary key.
create function peers.append(p jsonb) returns void language plpgsql as $$
declare
  streams_ text[];
begin
  select array_agg(distinct e ->> 'sheet_id') into streams_ from jsonb_array_elements(p -> 'events') as e;
  insert into peers.heads select s, 0, sha256(convert_to(s, 'UTF8')) from unnest(streams_) as s order by s on conflict do nothing;
  perform from peers.heads where stream = any (streams_) order by stream for update;
  with given as materialized (
    select h.stream, h.head, e.event::text as event, h.seq + row_number() over (partition by h.stream order by e.place) as seq
    from jsonb_array_elements(p -> 'events') with ordinality as e (event, place)
    join peers.heads as h on h.stream = e.event ->> 'sheet_id'
  ), hashed as materialized (
    select *, peers.chained(head, event) over (partition by stream order by seq) as hash from given
  ), inserted as (
    insert into peers.chain
    select stream, seq, clock_timestamp(), lag(hash, 1, head) over (partition by stream order by seq), event, hash from hashed order by seq
  )
  update peers.heads as h set seq = x.seq, head = x.hash
  from (select distinct on (stream) stream, seq, hash from hashed order by stream, seq desc) as x where h.stream = x.stream;
end $$;
-- In the manner of supa_audit: a trigger on every row keeps a version of it.
create table peers.rows (event_key text primary key, event jsonb not null);
create table peers.record_version (
  id bigint generated always as identity primary key, record_id uuid, old_record_id uuid, op varchar(8), ts timestamptz not null default now(),
  table_oid oid not null, table_schema name not null, table_name name not null, record jsonb, old_record jsonb);
create index on peers.record_version (record_id) where record_id is not null;
create index on peers.record_version using brin (ts);
create index on peers.record_version (table_oid);
create function peers.versioned() returns trigger language plpgsql as $$
begin
  insert into peers.record_version (record_id, op, table_oid, table_schema, table_name, record)
  values (md5(tg_relid::text || new.event_key)::uuid, tg_op, tg_relid, tg_table_schema, tg_table_name, to_jsonb(new));
  return new;
end $$;
create trigger versioned after insert on peers.rows for each row execute function peers.versioned();
`;

export const BARE_CHAIN: Contestant = { name: 'bare chain', sql: 'select peers.append($1)' };

export const CONTESTANTS: readonly Contestant[] = [
  { name: 'ours', sql: 'select public.billing_audit_append($1)' },
  BARE_CHAIN,
  {
    name: 'plain insert',
    sql: `insert into peers.plain (event) select e from jsonb_array_elements($1::jsonb -> 'events') as e`,
  },
  {
    name: 'row-version trigger',
    sql: `insert into peers.rows select e ->> 'event_key', e from jsonb_array_elements($1::jsonb -> 'events') as e`,
  },
];

let made = 0;

/** New events of one sheet, as an office of 200 people makes them. */
export function newEvents(count: number): readonly AuditEvent[] {
  const now = Date.now();
  return Array.from({ length: count }, () => {
    made += 1;
    const at = new Date(now - (made % 3600) * 1000).toISOString();
    const high = made % 97 === 0;
    return {
      timestamp: null,
      sheet_id: '1000001',
      row_id: String(3_000_000 + (made % 20_000)),
      work_request: String(10_000 + (made % 5000)),
      column_name: 'Quantity',
      violation_type: high ? 'HISTORICAL_CHANGE' : 'NONE',
      old_value: String(made % 9000),
      new_value: String((made * 7) % 9000),
      delta: String((made * 7) % 9000),
      changed_by: `person${made % 200}@example.com`,
      changed_at: at,
      week_ending: '2026-12-06',
      is_historical: high,
      audit_run_id: `callback:${made}`,
      severity: high ? 'HIGH' : 'LOW',
      issue_description: 'The value was changed after its week had closed.',
      suggested_fix: 'Ask who changed it, and why.',
      sheet_reference: 'https://app.smartsheet.com/sheets/x?rowId=1',
      ip_address: null,
      device_info: null,
      session_id: null,
      user_agent: null,
      risk_score: (made % 40) / 100,
      anomaly_score: null,
      predicted_category: null,
      event_key: `sheet:1000001:bench:${process.pid}:${made}`,
      kind: 'cell_changed',
      changed_by_kind: 'person',
      sheet_name: 'Week 1',
      currency: 'USD',
      approval_id: null,
      intermediate_unknown: false,
      rules_hash: 'ab'.repeat(32),
      reasons: [{ factor: 'locked_week', points: 40, because: 'The week ended before this change.' }],
      unknown_facts: [],
      values: { Quantity: '12' },
    };
  });
}

/** @returns events a second, over so many commits of `size` events */
export async function rateOf(
  client: Client,
  { name, sql }: Contestant,
  size: number,
  commits: number,
): Promise<number> {
  const batches = Array.from({ length: commits }, () => JSON.stringify({ events: newEvents(size) }));
  const began = performance.now();
  for (const batch of batches) await client.query({ name, text: sql, values: [batch] });
  return (commits * size) / ((performance.now() - began) / 1000);
}
