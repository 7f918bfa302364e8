/**
 * How long it takes to remove a large month, all of it in one transaction: `npm run bench -- archive --events 500000`. Beside
 * the call it tells how long it looks first at what would leave, and a plain delete of the same rows from tables like ours.
 * `--rows`: as where the rest took the events, not a month of their own.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startPostgres } from '../test/support/postgres';
import { postgresUrl } from '../test/support/postgres-driver';
import { rounded } from './trail/appending';
import { fill } from './trail/fill';

const DAYS = 20;
const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '500000' },
    rows: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

/** Every event sealed, and the month over by the store's own clock. */
const SEALED = `
insert into billing_audit.tree_leaves (leaf_index, stream, seq, hash)
select position - 1, stream, seq, hash from billing_audit.audit_events;
create or replace function billing_audit.clock() returns timestamptz language sql volatile set search_path = ''
as $$ select date_trunc('month', now()) + interval '40 days' $$;
create schema plain;
create table plain.events (like billing_audit.audit_events_rest including indexes including constraints);
create table plain.payloads (like billing_audit.event_payloads_rest including indexes including constraints including generated);
insert into plain.events select * from billing_audit.audit_events;
insert into plain.payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
  select stream, seq, event_key, salt, payload, changed_at, recorded_at from billing_audit.event_payloads;
vacuum analyze`;

/** Its months under other names: what leaves with them is then deleted row by row. */
const BY_ROWS = `
do $$ declare part regclass; begin
  for part in select inhrelid from pg_inherits where inhparent in ('billing_audit.audit_events'::regclass, 'billing_audit.event_payloads'::regclass)
    and inhrelid::regclass::text ~ '_\\d{4}_\\d\\d$' loop
    execute format('alter table %s rename to %I', part, replace(part::text, 'billing_audit.', '') || '_once');
  end loop;
end $$`;

void main();

async function main(): Promise<void> {
  const server = startPostgres();
  try {
    const connect = async (): Promise<Client> => {
      const client = new Client({ connectionString: postgresUrl(server.folder, { user: 'super' }) });
      await client.connect();
      return client;
    };
    const filling = { events: Number(flags.events), sheets: 100, people: 200, seed: 1, days: DAYS };
    await fill(connect, filling, (text) => process.stderr.write(`${text}\n`));
    const client = await connect();
    await client.query('set session_replication_role = replica');
    for (const statement of SEALED.split(';\n')) await client.query(statement);
    if (flags.rows) await client.query(BY_ROWS);
    await client.query('set session_replication_role = origin; checkpoint');
    await measure(client);
    await client.end();
  } finally {
    server.stop();
  }
}

async function measure(client: Client): Promise<void> {
  const timed = async (sql: string, ...given: unknown[]): Promise<{ seconds: number; answer: unknown }> => {
    const began = performance.now();
    const { rows } = await client.query<{ answer: unknown }>(sql, given);
    return { seconds: rounded((performance.now() - began) / 1000), answer: rows[0]?.answer };
  };
  const month = new Date(Date.now()).toISOString().slice(0, 7);
  const call = 'select public.billing_audit_archivable($1) as answer';
  const looked = await timed(call, { month });
  const { spans, erased, events } = looked.answer as { spans: unknown; erased: number; events: number };
  await client.query('begin');
  const plain = [await timed('delete from plain.payloads'), await timed('delete from plain.events')];
  await client.query('rollback');
  const order = { month, spans, erased, file: 'a.zip', sha256: '0'.repeat(64), reason: 'x', by: 'Kim', role: 'admin' };
  await client.query(`begin; set local role service_role; set local request.jwt.claims = '{"role": "service_role"}'`);
  const archived = await timed('select public.billing_audit_archive($1) as answer', order);
  await client.query('commit');
  const line = {
    what: flags.rows ? 'archive by rows' : 'archive',
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    events,
    cores: availableParallelism(),
    archivable_seconds: looked.seconds,
    plain_delete_seconds: rounded(plain.reduce((sum, { seconds }) => sum + seconds, 0)),
    archive_seconds: archived.seconds,
    load: rounded(loadavg()[0] ?? 0),
  };
  console.log(JSON.stringify(line));
  if (flags.record) appendFileSync('docs/measured/archive.jsonl', `${JSON.stringify(line)}\n`);
}
