/**
 * What it costs and gives to keep the events by month: `npm run bench -- months`. The same events in the product's partitions
 * and in one table with the same indexes, asked in turns what the product asks most, and by a key as the directory leads there.
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

/** One table has no directory: its numbers are unique by themselves. */
const ONE_TABLE = `
create schema one;
create table one.events (like billing_audit.audit_events including constraints);
do $$
declare
  named record;
begin
  for named in select indexdef from pg_indexes where schemaname = 'billing_audit' and tablename = 'audit_events' loop
    execute replace(regexp_replace(replace(named.indexdef, 'ON ONLY billing_audit.audit_events', 'ON one.events'), 'INDEX \\S+ ON', 'INDEX ON'),
      ', recorded_at)', ')');
  end loop;
end $$;
insert into one.events select * from billing_audit.audit_events;
analyze one.events;`;

/** TABLE is either; WHEN is what the directory adds where there are months. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'a thousand events, each by its key': `select count(e.hash) from
    (select stream, seq, recorded_at from billing_audit.event_keys order by md5(event_key) limit 1000) as k
    join TABLE as e on e.stream = k.stream and e.seq = k.seq WHEN`,
  'one event by chain and number alone': `select e.hash from TABLE as e where e.stream = 'sheet:1000007' and e.seq = (select (random() * 300)::integer)`,
  'a thousand of a chain, in its order': `select count(*) from (select * from TABLE where stream = 'sheet:1000007' and seq > 0 order by seq limit 1000) as e`,
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
    await client.query(ONE_TABLE);
    await client.query('set enable_seqscan = off; set jit = off');
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    for (const [question, sql] of Object.entries(QUESTIONS)) {
      const line = {
        ...{
          what: 'months',
          commit,
          events: EVENTS,
          months: MONTHS + 1,
          cores: availableParallelism(),
          question,
        },
        ...(await inTurns(client, sql)),
        load: Number(loadavg()[0]?.toFixed(1)),
      };
      console.log(JSON.stringify(line));
      if (process.argv.includes('--record')) appendFileSync('docs/measured/months.jsonl', `${JSON.stringify(line)}\n`);
    }
    await client.end();
  } finally {
    server.stop();
  }
}

/** Prepared once, as what is called again and again is (20261127100220). */
async function inTurns(client: Client, sql: string): Promise<object> {
  const tables = { one: sql.replaceAll('TABLE', 'one.events').replaceAll('WHEN', ''), months: byMonth(sql) };
  const times: Record<keyof typeof tables, number[]> = { one: [], months: [] };
  for (const name of ['one', 'months'] as const) await client.query(`prepare ${name} as ${tables[name]}`);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of ['one', 'months'] as const) {
      const began = performance.now();
      await client.query(`execute ${name}`);
      if (round > 0) times[name].push(performance.now() - began);
    }
  }
  await client.query('deallocate all');
  const [one, months] = [median(times.one), median(times.months)];
  return { one_table_ms: rounded(one), months_ms: rounded(months), ratio: rounded(months / one) };
}

const byMonth = (sql: string): string =>
  sql.replaceAll('TABLE', 'billing_audit.audit_events').replaceAll('WHEN', 'and e.recorded_at = k.recorded_at');
