import type { Client } from 'pg';
import { secretBox, storeOver, type Store, type StoreDriver, type TrailQuery } from '../../lib/store';
import { median } from './appending';

const ROUNDS = 5;

interface Sample {
  readonly key: string;
  readonly row: string;
  readonly work_request: string;
  readonly sheet: string;
  readonly person: string;
}

type Question = readonly [question: string, ask: () => Promise<unknown>];

/** Every question that a page of the dashboard asks, by the product's own driver; milliseconds, median of five. */
export async function dashboardTimes(driver: StoreDriver, client: Client): Promise<readonly object[]> {
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const { rows } = await client.query<Sample>(
    `select e.event_key as key, e.row_id as row, e.work_request, e.sheet_id as sheet, d.person
     from billing_audit.audit_events as e join billing_audit.event_payloads as d using (stream, seq)
     where e.position = (select max(position) / 2 from billing_audit.audit_events)`,
  );
  const one = rows[0];
  if (!one) throw new Error('The store holds no event.');
  const figures: object[] = [];
  for (const [question, ask] of await questionsOf(store, one)) {
    const milliseconds = await timeOf(ask);
    figures.push({
      question,
      milliseconds: Math.round(milliseconds * 10) / 10,
      goal: 100,
      reached: milliseconds <= 100,
    });
  }
  return figures;
}

async function questionsOf(store: Store, one: Sample): Promise<readonly Question[]> {
  const now = new Date().toISOString();
  const overview = (days: number) => () => store.overview({ now, days, time_zone: 'America/Chicago', risk_from: 0.7 });
  const search = (query: TrailQuery) => () => store.search({ limit: 50, ...query });
  const first = await store.search({ limit: 50 });
  const known = await store.overview({ now, days: 7, time_zone: 'America/Chicago', risk_from: 0.7 });
  return [
    ['an event by its key, which costs a call and nothing else', () => store.event(one.key)],
    ...[1, 7, 30, 90, 400].map((days) => [`overview of ${days} days`, overview(days)] as const),
    [
      'overview, unchanged',
      () => store.overview({ now, days: 7, time_zone: 'America/Chicago', risk_from: 0.7, known: known.version }),
    ],
    ['needs a look, newest', () => store.needsLook({ risk_from: 0.7 })],
    ['needs a look, by money', () => store.needsLook({ risk_from: 0.7, order: 'money_at_risk' })],
    ['counts', () => store.counts()],
    ['recent', () => store.recent({ limit: 50 })],
    ['alerts', () => store.alerts({ limit: 50 })],
    ['search, newest', search({})],
    ['search, next page', search({ after: first.next ?? '' })],
    ['search, by delta', search({ order: 'delta' })],
    ['search, by money', search({ order: 'money_at_risk' })],
    ['search, a sheet', search({ sheet_id: one.sheet })],
    ['search, a row', search({ row_id: one.row })],
    ['search, a work request', search({ work_request: one.work_request })],
    ['search, a person', search({ changed_by: one.person })],
    ['search, a person who did nothing', search({ changed_by: 'nobody@example.com' })],
    ['search, a person and a severity', search({ changed_by: one.person, severity: 'HIGH' })],
    ['search, high', search({ severity: 'HIGH' })],
    ['search, a column', search({ column_name: 'Quantity' })],
    ['search, a column that is nowhere', search({ column_name: 'Nowhere' })],
    [
      'search, a month of long ago',
      search({
        from: new Date(Date.now() - 500 * 86_400_000).toISOString(),
        to: new Date(Date.now() - 470 * 86_400_000).toISOString(),
      }),
    ],
    [
      'search, what was recorded on a day of long ago',
      search({
        recorded_from: new Date(Date.now() - 500 * 86_400_000).toISOString(),
        recorded_to: new Date(Date.now() - 499 * 86_400_000).toISOString(),
      }),
    ],
    ['search, text that is common', search({ text: 'closed' })],
    ['search, text that is nowhere', search({ text: 'no such text anywhere' })],
  ];
}

/** What takes very long is asked once. */
async function timeOf(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const began = performance.now();
    try {
      await ask();
    } catch (thrown) {
      console.log(String(thrown));
      return Infinity;
    }
    const took = performance.now() - began;
    if (took > 5000) return took;
    if (round > 0) times.push(took);
  }
  return median(times);
}
