/**
 * What it would cost to keep the events in monthly partitions: `npm run bench -- partitions`. The same events in one table and
 * in a table partitioned by month of recording, with the same indexes, asked in turns what the product asks most.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { Client } from 'pg';
import { startPostgres } from '../test/support/postgres';
import { postgresUrl } from '../test/support/postgres-driver';
import { median, rounded } from './trail/appending';
import { fill } from './trail/fill';

const EVENTS = 40_000;
const ROUNDS = 9;
const MONTHS = 24;

/** `like` takes checks and indexes along; unique keys must hold the month's column, and are made by hand. */
const TABLES = `
create schema parts;
create table parts.one (like billing_audit.audit_events including indexes including constraints);
insert into parts.one select * from billing_audit.audit_events;
create table parts.months (like billing_audit.audit_events including constraints) partition by range (recorded_at);
do $$
declare
  begin_ timestamptz;
  named record;
begin
  for begin_ in select generate_series(date_trunc('month', now()) - interval '${MONTHS} months', date_trunc('month', now()), interval '1 month') loop
    execute format('create table parts.months_%s partition of parts.months for values from (%L) to (%L)',
      to_char(begin_, 'YYYYMM'), begin_, begin_ + interval '1 month');
  end loop;
  for named in select indexdef from pg_indexes where schemaname = 'parts' and tablename = 'one' loop
    execute regexp_replace(regexp_replace(replace(named.indexdef, 'ON parts.one', 'ON parts.months'), 'INDEX \\S+ ON', 'INDEX ON'),
      '^CREATE UNIQUE INDEX ON (.*)\\)$', 'CREATE UNIQUE INDEX ON \\1, recorded_at)');
  end loop;
end $$;
insert into parts.months select * from parts.one;
analyze parts.one;
analyze parts.months;`;

const QUESTIONS: Readonly<Record<string, string>> = {
  'a thousand events by chain and number':
    'select count(e.hash) from (select stream, seq from billing_audit.audit_events order by md5(event_key) limit 1000) as k join TABLE as e using (stream, seq)',
  'one event by chain and number': `select e.hash from TABLE as e where e.stream = 'sheet:1000007' and e.seq = (select (random() * 300)::integer)`,
  'the newest hundred':
    'select count(*) from (select * from TABLE order by changed_at desc, position desc limit 100) as e',
  'the newest hundred of a sheet': `select count(*) from (select * from TABLE where sheet_id = '1000007' order by changed_at desc limit 100) as e`,
};

void main();

async function main(): Promise<void> {
  const server = startPostgres();
  try {
    const connect = async (): Promise<Client> => {
      const client = new Client({ connectionString: postgresUrl(server.folder, { user: 'super' }) });
      await client.connect();
      return client;
    };
    await fill(connect, { events: EVENTS, sheets: 100, people: 200, seed: 1, days: MONTHS * 30 }, () => undefined);
    const client = await connect();
    await client.query(TABLES);
    await client.query('set enable_seqscan = off; set jit = off');
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    for (const [question, sql] of Object.entries(QUESTIONS)) {
      const line = {
        ...{
          what: 'partitions',
          commit,
          events: EVENTS,
          partitions: MONTHS + 1,
          cores: availableParallelism(),
          question,
        },
        ...(await inTurns(client, sql)),
        load: Number(loadavg()[0]?.toFixed(1)),
      };
      console.log(JSON.stringify(line));
      if (process.argv.includes('--record'))
        appendFileSync('docs/measured/partitions.jsonl', `${JSON.stringify(line)}\n`);
    }
    await client.end();
  } finally {
    server.stop();
  }
}

/** Planned each time, as the search of the trail is: its SQL is put together for each question. */
async function inTurns(client: Client, sql: string): Promise<object> {
  const times: Record<'one' | 'months', number[]> = { one: [], months: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const table of ['one', 'months'] as const) {
      const began = performance.now();
      await client.query(sql.replaceAll('TABLE', `parts.${table}`));
      if (round > 0) times[table].push(performance.now() - began);
    }
  }
  const [one, months] = [median(times.one), median(times.months)];
  return { one_table_ms: rounded(one), partitioned_ms: rounded(months), ratio: rounded(months / one) };
}
