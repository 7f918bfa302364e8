import type { Client } from 'pg';

/** An honest trail: what a store holds after two years of work, with chains that verify. */
export interface Filling {
  readonly events: number;
  readonly sheets: number;
  readonly people: number;
  readonly seed: number;
  /** Over how many days until now they were recorded. */
  readonly days: number;
}

/** Events that one statement makes. */
const CHUNK = 100_000;

/**
 * The loader: the append's own functions, without its parameters. `place` is the event's number over all sheets; whatever
 * an event says follows from it and the seed.
 */
const LOADER = `
create schema if not exists bench;
create or replace function bench.draw(seed bigint, place bigint, what integer, sides integer) returns integer
language sql immutable
return ((hashint8extended(place, seed * 1000 + what) & 9223372036854775807) % sides)::integer;

create or replace function bench.event_of(
  place bigint, total bigint, seed bigint, sheets integer, at timestamptz, commitment bytea
) returns billing_audit.audit_events
language sql stable
begin atomic
  select row(
    'sheet:' || (1000000 + place % sheets), place / sheets + 1, place,
    'sheet:' || (1000000 + place % sheets) || ':' || d.row_id || ':' || (place % 7) || ':' || place, 'cell_changed', at + interval '2 seconds',
    (1000000 + place % sheets)::text, d.row_id, (10000 + bench.draw(seed, place, 2, 5000))::text,
    (array['Quantity', 'Units Total Price', 'Redlined Total Price', 'Work Request #', 'Comment'])[1 + bench.draw(seed, place, 3, 5)],
    case when d.dice < 30 then 'HISTORICAL_CHANGE' when d.dice < 35 then 'DATE_VALIDATION_ERROR'
      when d.dice < 40 then 'APPROVED_CORRECTION' else 'NONE' end,
    (bench.draw(seed, place, 4, 400000) - 200000)::numeric / 100, 'USD', 'person', at, (at + interval '5 days')::date, d.dice < 40,
    'callback:' || place / 20, case when d.dice < 10 then 'HIGH' when d.dice < 30 then 'MEDIUM' else 'LOW' end,
    (case when d.dice < 60 then 40 + bench.draw(seed, place, 5, 61) else bench.draw(seed, place, 5, 40) end / 100.0)::numeric(7,6),
    null::numeric(7,6), case when d.dice % 5 = 0 then (array['typo', 'late entry', 'price change'])[1 + d.dice % 3] end, null::text, false,
    repeat('ab', 32), null::text, '1', commitment, null::bytea, null::text, null::bytea)::billing_audit.audit_events
  from (select bench.draw(seed, place, 1, 1000) as dice, (2000000 + bench.draw(seed, place, 6, 20000))::text as row_id) as d;
end;

create or replace function bench.payload_of(place bigint, seed bigint, people integer) returns jsonb
language sql immutable
begin atomic
  select jsonb_build_object(
    'sheet_name', 'Week ' || place % 50, 'old_value', bench.draw(seed, place, 7, 9000)::text,
    'new_value', bench.draw(seed, place, 8, 9000)::text,
    -- A few do most.
    'changed_by', 'person' || (bench.draw(seed, place, 9, people)::bigint * bench.draw(seed, place, 10, people) / people) || '@example.com',
    'issue_description', 'The value was changed after its week had closed.', 'suggested_fix', 'Ask who changed it, and why.',
    'sheet_reference', 'https://app.smartsheet.com/sheets/x?rowId=' || place, 'ip_address', null, 'device_info', null,
    'session_id', null, 'user_agent', null, 'reasons', jsonb_build_array(jsonb_build_object('factor', 'locked_week',
      'points', 40, 'because', 'The week ended before this change.')), 'unknown_facts', '[]'::jsonb,
    'values', jsonb_build_object('Quantity', bench.draw(seed, place, 8, 9000)::text));
end;

create or replace procedure bench.fill(first bigint, beyond bigint, total bigint, seed bigint, sheets integer, people integer, part integer, parts integer, days double precision)
language plpgsql as $$
declare
  step interval := interval '1 day' * days / total;
  began timestamptz := now() - interval '1 day' * days;
begin
  with given as materialized (
    select g.place, 'sheet:' || (1000000 + g.place % sheets) as stream, uuid_send(gen_random_uuid()) as salt,
      bench.payload_of(g.place, seed, people) as payload
    from generate_series(first, beyond - 1) as g (place)
    where (g.place % sheets) % parts = part
  ), entries as materialized (
    select g.*, bench.event_of(g.place, total, seed, sheets, date_trunc('milliseconds', began + step * g.place),
      billing_audit.commit_to(g.salt, g.payload)) as entry from given as g
  ), committed as materialized (
    select e.*, billing_audit.event_preimage(e.entry) as preimage from entries as e
  ), chained as materialized (
    select c.*, billing_audit.linked(s.head, c.preimage) over (partition by c.stream order by c.place) as hashes
    from committed as c join billing_audit.streams as s using (stream)
  ), inserted as (
    insert into billing_audit.audit_events (
      stream, seq, position, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type,
      delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score, anomaly_score,
      predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version, commitment,
      previous_hash, preimage, hash)
    select stream, (entry).seq, place + 1, (entry).event_key, (entry).kind, (entry).recorded_at, (entry).sheet_id, (entry).row_id,
      (entry).work_request, (entry).column_name, (entry).violation_type, (entry).delta, (entry).currency,
      (entry).changed_by_kind, (entry).changed_at, (entry).week_ending, (entry).is_historical, (entry).audit_run_id,
      (entry).severity, (entry).risk_score, (entry).anomaly_score, (entry).predicted_category, (entry).approval_id,
      (entry).intermediate_unknown, (entry).rules_hash, (entry).model_version, (entry).flow_version, (entry).commitment,
      substr(hashes, 1, 32), preimage, substr(hashes, 33)
    from chained order by place
  ), payloads as (
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
    select stream, (entry).seq, (entry).event_key, salt, payload, (entry).changed_at, (entry).recorded_at from chained order by place
  )
  update billing_audit.streams as s set seq = c.seq, head = c.hash
  from (select distinct on (stream) stream, (entry).seq as seq, substr(hashes, 33) as hash from chained order by stream, place desc) as c
  where s.stream = c.stream;
end $$;
`;

/** Indexes that are dropped for the load and made again after it, with those of the months. */
const SECONDARY = `
  select schemaname || '.' || indexname as name, replace(indexdef, ' ON ONLY ', ' ON ') as definition from pg_indexes
  where schemaname = 'billing_audit' and tablename in ('audit_events', 'event_payloads')
    and indexname not in (select conname from pg_constraint)`;

/** Loads a trail into an empty store, as a superuser, over `connect` connections. */
export async function fill(
  connect: () => Promise<Client>,
  filling: Filling,
  say: (text: string) => void,
): Promise<void> {
  const { events, sheets, people, seed, days } = filling;
  const main = await connect();
  await main.query(LOADER);
  await main.query(
    `insert into billing_audit.streams (stream, head) select s, billing_audit.genesis(s)
     from (select 'sheet:' || (1000000 + g) as s from generate_series(0, $1::integer - 1) as g) as n`,
    [sheets],
  );
  await main.query(
    `insert into billing_audit.sheets (sheet_id, name, known_since)
     select (1000000 + g)::text, 'Week ' || g, now() - interval '1 day' * $2::double precision from generate_series(0, $1::integer - 1) as g`,
    [sheets, days],
  );
  await main.query(
    `select billing_audit.make_month(m)
     from generate_series(billing_audit.start_of_month(now() - interval '1 day' * $1::double precision), now(), '1 month') as m`,
    [days],
  );
  const { rows: indexes } = await main.query<{ name: string; definition: string }>(SECONDARY);
  for (const { name } of indexes) await main.query(`drop index ${name}`);
  await inParts(connect, filling, say);
  say('keys, indexes, rollups');
  await main.query(`set maintenance_work_mem = '1GB'; set work_mem = '256MB'; set session_replication_role = replica;`);
  await main.query(
    `insert into billing_audit.event_keys (event_key, stream, seq, recorded_at)
     select event_key, stream, seq, recorded_at from billing_audit.audit_events order by event_key`,
  );
  for (const { definition } of indexes) await main.query(definition);
  await main.query(`select setval('billing_audit.audit_events_position', $1::bigint)`, [events]);
  // Of what needs a look, half has its verdict.
  await main.query(
    `insert into billing_audit.feedback (event_key, mark, reason, by_name, by_role)
     select event_key, 'approved', 'It was agreed.', 'Manager', 'manager' from billing_audit.audit_events
     where billing_audit.is_concern(violation_type, severity, risk_score) and bench.draw($1::bigint, position, 11, 2) = 0`,
    [seed],
  );
  await main.query('call billing_audit.rebuild_rollups()');
  await main.query('vacuum analyze');
  await main.query('checkpoint');
  await main.end();
  say(`${events} events of ${sheets} sheets and ${people} people are loaded`);
}

/** Two halves of the sheets at once: a chain cannot be told in parallel, chains can. */
async function inParts(
  connect: () => Promise<Client>,
  { events, sheets, people, seed, days }: Filling,
  say: (text: string) => void,
): Promise<void> {
  const parts = 2;
  await Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const client = await connect();
      await client.query(
        `set session_replication_role = replica; set work_mem = '256MB'; set synchronous_commit = off;`,
      );
      for (let first = 0; first < events; first += CHUNK) {
        const beyond = Math.min(first + CHUNK, events);
        await client.query(
          `call bench.fill(${first}, ${beyond}, ${events}, ${seed}, ${sheets}, ${people}, ${part}, ${parts}, ${days})`,
        );
        if (part === 0 && (first / CHUNK) % 10 === 9) say(`${beyond} of ${events}`);
      }
      await client.end();
    }),
  );
}
