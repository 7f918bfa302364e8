import type { AuditEvent } from '../../lib/event/audit-event';
import { thisMachine } from '../../lib/runtime/machine';
import { openPostgresStore, type StoreDriver } from '../../lib/store';
import { event } from '../store/examples';
import { OUT_OF_PLACE } from '../store/out-of-place';
import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { buildStoreWorker } from '../support/store';
import { recordedAt } from './archiving';
import { openSealedPostgres, openSealedStore, type SealedStore } from './sealed-store';

warnWithoutPostgres('the ends of months beside those who record were not tried.');
jest.setTimeout(120_000);

/** The end of a year and of a leap month in UTC; the end of a month where the server is, and where a session is. */
const ENDS = {
  'of a year': '2027-12-31T23:59:59.900Z',
  'of a leap month': '2028-02-29T23:59:59.900Z',
  'of a month in Auckland': '2028-03-31T10:59:59.900Z',
  'of a month in New York': '2028-05-01T03:59:59.900Z',
};
const MONTHS = ['2027-12', '2028-01', '2028-02', '2028-03', '2028-05'];
const AFTER = '2028-05-02T00:00:00Z';
/** Calls of each who records; each call reads the clock once or twice. */
const CALLS = 20;
const HOUR = 3_600_000;

/** The store's clock begins at `start`, and each look at it takes 5 ms. */
async function tickingFrom({ driver }: Pick<SealedStore, 'driver'>, start: string): Promise<void> {
  const ticking = `create or replace function billing_audit.clock() returns timestamptz language sql volatile set search_path = ''
    as $$ select timestamptz '${start}' + nextval('public.ticks') * interval '5 milliseconds' $$`;
  const sequence =
    'drop sequence if exists public.ticks; create sequence public.ticks; grant usage on sequence public.ticks to public';
  await driver.transaction([{ sql: sequence }, { sql: ticking }]);
}

const changeAt = (key: string, number: number, end: string): AuditEvent =>
  event(key, {
    sheet_id: String(1 + (number % 2)),
    changed_at: new Date(Date.parse(end) + (number - CALLS / 2) * HOUR).toISOString(),
    changed_by: `clerk${number % 3}@example.com`,
    risk_score: (number % 10) / 10,
    ...(number % 4 === 0 && { severity: 'HIGH', violation_type: 'HISTORICAL_CHANGE' }),
  });

interface Recorded {
  readonly at: string;
  readonly stream: string;
  readonly seq: number;
  readonly event: AuditEvent;
}

/** Two who record to the same chains while the clock goes over the end. @returns what was recorded when */
async function crossing(drivers: readonly StoreDriver[], name: string, end: string): Promise<readonly Recorded[]> {
  const record = async (driver: StoreDriver, who: number): Promise<readonly Recorded[]> => {
    const recorded: Recorded[] = [];
    for (let number = 0; number < CALLS; number += 1) {
      const one = changeAt(`${name}:${who}:${number}`, number, end);
      const { appended } = (await driver.rpc('billing_audit_append', { events: [one] })) as {
        readonly appended: readonly { readonly timestamp: string; readonly stream: string; readonly seq: number }[];
      };
      const [{ timestamp = '', stream = '', seq = 0 } = {}] = appended;
      recorded.push({ at: timestamp, stream, seq, event: one });
    }
    return recorded;
  };
  return (await Promise.all(drivers.map(record))).flat();
}

/** How many leave with each month: of a chain what stands before the first that was timed after it, and did not leave before. */
function leaving(recorded: readonly Recorded[]): readonly (readonly [string, number])[] {
  const inOrder = recorded.toSorted((one, other) => one.seq - other.seq);
  const streams = [...new Set(recorded.map(({ stream }) => stream))];
  const chains = streams.map((stream) => inOrder.filter((each) => each.stream === stream));
  let gone = 0;
  return MONTHS.map((month) => {
    let before = 0;
    for (const chain of chains) {
      const stays = chain.findIndex(({ at }) => at.slice(0, 7) > month);
      before += stays < 0 ? chain.length : stays;
    }
    const leaves = before - gone;
    gone = before;
    return [month, leaves];
  });
}

const rows = async ({ driver }: Pick<SealedStore, 'driver'>, sql: string): Promise<readonly unknown[]> =>
  driver.transaction([{ sql, parameters: [] }]);

/** What the dashboard is drawn from, and what it shows, by day and hour. */
async function drawn(sealed: SealedStore): Promise<unknown> {
  const sums = `select dimension, span, extract(epoch from start)::bigint::text as start, key, changes::text from billing_audit.rollups order by 1, 2, 3, 4`;
  const looks = `select span, extract(epoch from start)::bigint::text as start, person, hundredth, changes::text from billing_audit.look_rollups order by 1, 2, 3, 4`;
  const shown: unknown[] = [];
  await recordedAt(sealed, AFTER, async () => {
    for (const days of [1, 7, 31, 400]) shown.push(await sealed.driver.rpc('billing_audit_overview', { days }));
  });
  return { sums: await rows(sealed, sums), looks: await rows(sealed, looks), shown };
}

describeOnPostgres('beside two who record, on a server in Auckland, one of them in New York', () => {
  let sealed: SealedStore & { readonly url: string };
  let newYorker: StoreDriver;
  let embedded: SealedStore;
  const recorded: Recorded[] = [];

  beforeAll(async () => {
    sealed = await openSealedPostgres();
    const zones = `alter database audit set timezone to 'Pacific/Auckland'; alter role service_login set timezone to 'America/New_York'`;
    await sealed.driver.transaction([{ sql: zones }]);
    const url = sealed.url.replace(/user=[^&]*/, 'user=service_login');
    newYorker = await openPostgresStore({ ...thisMachine(), url });
    embedded = await openSealedStore(buildStoreWorker());
  });
  afterAll(async () => {
    await newYorker?.close();
    await embedded?.close();
    await sealed?.close();
  });

  it.each(Object.entries(ENDS))(
    'each event lies in its month at the end %s, and the chains hold',
    async (name, end) => {
      await recordedAt(sealed, end, () => sealed.driver.rpc('billing_audit_make_months', {}));
      await tickingFrom(sealed, end);
      recorded.push(...(await crossing([sealed.driver, newYorker], name, end)));
      expect(await rows(sealed, OUT_OF_PLACE)).toEqual([]);
      const sides = new Set(
        recorded
          .filter(({ event: { event_key } }) => event_key.startsWith(name))
          .map(({ at }) => at > new Date(Date.parse(end) + 100).toISOString()),
      );
      expect(sides).toEqual(new Set([false, true]));
      await sealed.seal();
      expect(await sealed.check()).toMatchObject({ ok: true, events: recorded.length, unsealed: 0 });
    },
  );

  it('is drawn by day as the embedded store draws the same events', async () => {
    for (const { at, event: one } of recorded.toSorted((a, b) => a.at.localeCompare(b.at))) {
      await recordedAt(embedded, at, () => embedded.store.append([one]));
    }
    expect(await drawn(sealed)).toEqual(await drawn(embedded));
  });

  it('and its months leave, in UTC, with what was recorded in them', async () => {
    const left: [string, number][] = [];
    await recordedAt(sealed, '2028-06-02T00:00:00Z', async () => {
      for (const month of MONTHS) {
        const found = (await newYorker.rpc('billing_audit_archivable', { month })) as { events: number };
        const order = {
          ...found,
          file: `${month}.zip`,
          sha256: '0'.repeat(64),
          reason: 'Old.',
          by: 'Kim',
          role: 'admin',
        };
        await sealed.driver.rpc('billing_audit_archive', order);
        left.push([month, found.events]);
      }
    });
    expect(left).toEqual(leaving(recorded));
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0 });
  });
});
