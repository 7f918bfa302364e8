/**
 * The trail on a real PostgreSQL that syncs each commit: `npm run bench:trail -- --events 1000000`.
 *
 * Two servers run side by side: one with ten thousand events, one with as many as are asked for, made by a loader whose
 * chains verify. Every figure is a ratio to a peer that took turns with it in the same run, or a time under the load that
 * is printed with it. `--folder F` goes on with a server that an earlier run was told to `--keep`.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { StoreDriver } from '../lib/store';
import { startPostgres } from '../test/support/postgres';
import { driverOverPostgres, postgresUrl } from '../test/support/postgres-driver';
import { appendRatios, growthRatio } from './trail/appending';
import { dashboardTimes } from './trail/dashboard';
import { fill } from './trail/fill';
import { PEERS } from './trail/contestants';
import { verifyRatios } from './trail/verifying';

const SMALL = 10_000;

interface Flags {
  readonly events: number;
  readonly seed: number;
  readonly folder: string | null;
  readonly keep: boolean;
  readonly record: boolean;
}

void main(flagsOf(process.argv.slice(2)));

async function main(flags: Flags): Promise<void> {
  const places: Place[] = [];
  try {
    const small = await openPlace('small', null, { ...flags, events: SMALL });
    places.push(small);
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const about = { commit, seed: flags.seed, events: flags.events, cores: availableParallelism() };
    const tell = (what: string, figures: object): void => {
      const line = { what, ...about, ...figures, load: Number(loadavg()[0]?.toFixed(1)) };
      console.log(JSON.stringify(line));
      if (flags.record) appendFileSync('docs/measured/trail.jsonl', `${JSON.stringify(line)}\n`);
    };
    // First: what is sealed long after it was recorded looks like a clock that went back.
    const keys = mkdtempSync(join(tmpdir(), 'bench-keys-'));
    for (const figures of await verifyRatios(small.client, small.driver, keys)) tell('verify', figures);
    const large = await openPlace('large', flags.folder, flags);
    places.push(large);
    for (const figures of await dashboardTimes(large.driver, large.client)) tell('dashboard', figures);
    tell('size', await bytesOf(large.client));
    for (const figures of await appendRatios(small.client)) tell('append', figures);
    tell('growth', await growthRatio(small.client, large.client, SMALL));
    if (flags.keep) console.log(`Kept: --folder ${large.folder}`);
  } finally {
    for (const place of places) await place.close();
  }
}

/** A server with a trail in it. */
interface Place {
  readonly folder: string;
  readonly client: Client;
  readonly driver: StoreDriver;
  close(): Promise<void>;
}

async function openPlace(name: string, folder: string | null, flags: Flags): Promise<Place> {
  const server = folder === null ? startPostgres() : null;
  const at = folder ?? server?.folder ?? '';
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: postgresUrl(at, { user: 'super' }) });
    await client.connect();
    return client;
  };
  const began = performance.now();
  const say = (text: string): void =>
    console.log(`${name}: ${text}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  // What is sealed now must not say that it was recorded long ago: the small trail is young.
  const days = name === 'small' ? 0.003 : 730;
  if (server) await fill(connect, { events: flags.events, sheets: 100, people: 200, seed: flags.seed, days }, say);
  const client = await connect();
  if (server) await client.query(PEERS);
  const driver = await driverOverPostgres(at);
  return {
    folder: at,
    client,
    driver,
    close: async () => {
      await driver.close();
      await client.end();
      if (!(flags.keep && name === 'large')) server?.stop();
    },
  };
}

async function bytesOf(client: Client): Promise<object> {
  const { rows } = await client.query<{ table: string; bytes: string }>(
    `select relname as table, coalesce(
       (select sum(pg_total_relation_size(relid)) from pg_partition_tree(oid) where isleaf), pg_total_relation_size(oid)) as bytes
     from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'p')
       and relname in ('audit_events', 'event_payloads', 'event_keys', 'rollups', 'look_rollups')`,
  );
  const { rows: counted } = await client.query<{ events: string }>(
    'select sum(seq) as events from billing_audit.streams',
  );
  const events = Number(counted[0]?.events);
  const each = Object.fromEntries(rows.map(({ table, bytes }) => [table, Math.round(Number(bytes) / events)]));
  return { bytes_per_event: Object.values(each).reduce((sum, bytes) => sum + bytes, 0), of: each };
}

function flagsOf(given: readonly string[]): Flags {
  const value = (flag: string): string | undefined => {
    const at = given.indexOf(flag);
    return at < 0 ? undefined : given[at + 1];
  };
  return {
    events: Number(value('--events') ?? 100_000),
    seed: Number(value('--seed') ?? 1),
    folder: value('--folder') ?? null,
    keep: given.includes('--keep'),
    record: given.includes('--record'),
  };
}
