import { receive, type Emit, type Params, type Status } from '../../lib/define';
import type { Ports } from '../../lib/ports';
import type { AlertReader } from '../../lib/store/overview';
import { archivedInWords } from '../../lib/store/archived-month';
import type { TrailPage, TrailQuery } from '../../lib/store/store';
import { ATTENTION_ROWS, auditMetricsFields, PAGE_ROWS } from './fields';
import { judge, judgementsOf, type JudgementRow } from './judging';
import { overview } from './overview';
import { patterns } from './patterns';
import { attentionQuestion, changesQuestion, seenQuestion, trailQueryOf, verdict } from './questions';
import type {
  alerts,
  cards,
  dead,
  DeadLetters,
  histogram,
  judged,
  marked,
  Page,
  page,
  patternsShown,
  people,
  Row,
  seen,
  sheets,
  timeline,
} from './wires';
import { markInWords, rowOf, whenText } from './words';

export type Metrics = Emit<{
  cards: typeof cards;
  timeline: typeof timeline;
  histogram: typeof histogram;
  people: typeof people;
  sheets: typeof sheets;
  attention: typeof page;
  changes: typeof page;
  marked: typeof marked;
  alerts: typeof alerts;
  seen: typeof seen;
  dead: typeof dead;
  judged: typeof judged;
  patterns: typeof patternsShown;
}>;
type Asked = Params<typeof auditMetricsFields>;
type Lent = Pick<Ports, 'store' | 'nodeId' | 'now' | 'settings'>;

/**
 * What the dashboard shows, and what people say on it, as the node's operation says.
 * @throws WrongMessageType  when the message is not what the operation takes
 * @throws StoreRefused      a verdict or a judgement without a right, without a reason or about nothing (BA005, BA001,
 *   BA006), a judgement about one's own change (BA005); a replay without a right (BA005)
 * @throws StoreUnavailable  nothing was recorded
 */
export async function showMetrics(input: unknown, params: Asked, ports: Lent): Promise<Metrics> {
  switch (params.operation) {
    case 'overview':
      return overview(params, ports);
    case 'attention':
      return { attention: await attentionPage(input, params, ports) };
    case 'changes':
      return { changes: await changesPage(input, params, ports) };
    case 'patterns':
      return { patterns: await patterns(ports) };
    case 'mark':
      return { marked: await mark(input, params, ports) };
    case 'judge':
      return { judged: await judge(input, params, ports) };
    case 'seen':
      return { seen: await ports.store.seenAlerts(readerOf(input, params)) };
    case 'dead':
      return { dead: await deadLetters(ports) };
    case 'replay':
      return { dead: await tryAgain(params, ports) };
  }
}

/** Only ids, words and the choice come from the browser; who says it comes from the fields, and the store decides. */
async function mark(input: unknown, { by, role }: Asked, { store, settings }: Lent): Promise<NonNullable<Row['mark']>> {
  return markInWords(await store.mark({ ...receive(verdict, input), by, role }), settings);
}

/** A browser says how many alerts it showed; whose count that is comes from the fields. */
function readerOf(input: unknown, { by, role }: Asked): AlertReader {
  const { seen: shown } = receive(seenQuestion, input);
  return { by, role, ...(shown === undefined ? {} : { seen: shown }) };
}

async function deadLetters({ store, settings }: Pick<Lent, 'store' | 'settings'>): Promise<DeadLetters> {
  const { total, sheets: bySheet } = await store.deadBySheet();
  return {
    total,
    sheets: bySheet.map(({ sheet_id, name, callbacks, since, why }) => ({
      ...{ sheet: name || sheet_id, callbacks, since: whenText(since, settings) },
      why: why || 'The reason is not known.',
    })),
  };
}

/** Nothing of it comes from the browser: who it is comes from the fields, and the store decides. */
async function tryAgain({ by, role }: Asked, { store, settings }: Lent): Promise<DeadLetters> {
  const { replayed, by: whoever } = await store.tryDeadAgain({ by, role });
  return { ...(await deadLetters({ store, settings })), replayed: { by: whoever, callbacks: replayed } };
}

async function attentionPage(input: unknown, { riskFrom }: Asked, { store, settings }: Lent): Promise<Page> {
  const { order, after } = receive(attentionQuestion, input);
  const asked = { risk_from: riskFrom ?? 0.7, order, limit: ATTENTION_ROWS };
  const { events, next } = await store.needsLook(after === undefined || after === null ? asked : { ...asked, after });
  const said = await judgementsOf(events, { store, settings });
  const rows = events.map((event) => rowOf(event, settings, said.get(event.event_key)));
  return { rows, next, after: after ?? null, order };
}

async function changesPage(input: unknown, { riskFrom }: Asked, { store, settings }: Lent): Promise<Page> {
  const asked = receive(changesQuestion, input);
  if (asked.event !== undefined) return onlyEvent(asked.event, asked.order, { store, settings });
  const { timeZone } = settings;
  const query = trailQueryOf(asked, { timeZone, riskFrom: riskFrom ?? 0.7, limit: PAGE_ROWS });
  const { events, next, archived } = await searchOn(query, store);
  const marks = new Map(
    (await store.marks(events.map(({ event_key }) => event_key))).map((mark) => [mark.event_key, mark]),
  );
  const said = await judgementsOf(events, { store, settings });
  const rows = events.map((event) =>
    rowOf({ ...event, mark: marks.get(event.event_key) ?? null }, settings, said.get(event.event_key)),
  );
  return { rows, next, after: asked.after ?? null, order: asked.order, ...inArchives(archived) };
}

function inArchives(archived: TrailPage['archived'] = []): Pick<Page, 'archived'> {
  return archived.length === 0 ? {} : { archived: archived.map(archivedInWords) };
}

/** How often the trail is asked for one page: what is rare is looked for in parts. */
const MOST_CALLS = 10;

/** The next page that holds something. A person who pages on goes on where this stopped looking. */
async function searchOn(query: TrailQuery, store: Lent['store']): Promise<TrailPage> {
  let page = await store.search(query);
  for (let calls = 1; calls < MOST_CALLS && page.events.length === 0 && page.next !== null; calls += 1) {
    page = await store.search({ ...query, after: page.next });
  }
  return page;
}

/** The page that a mail's link opens: one event, or none of this key. */
async function onlyEvent(
  key: string,
  order: string,
  { store, settings }: Pick<Lent, 'store' | 'settings'>,
): Promise<Page> {
  const event = await store.event(key);
  const said = await judgementsOf(event === null ? [] : [event], { store, settings });
  const { archived } = event === null ? await store.search({ event_key: key, limit: 1 }) : {};
  return {
    rows: event === null ? [] : [rowOf(event, settings, said.get(key))],
    next: null,
    after: null,
    order,
    event: key,
    ...inArchives(archived),
  };
}

/** What was given, in a few words. */
export function metricsStatus(emitted: Metrics): Status {
  const {
    cards: given,
    changes,
    attention,
    marked: said,
    judged: thought,
    seen: looked,
    dead: left,
    patterns: found,
  } = emitted;
  const [letters] = left === undefined ? [] : [left].flat();
  if (letters) return statusOf(letters);
  const [reader] = looked === undefined ? [] : [looked].flat();
  if (reader) return { state: 'ok', text: `${reader.by} has seen ${reader.seen} of ${reader.total}` };
  const [mark] = said === undefined ? [] : [said].flat();
  if (mark) return { state: 'ok', text: `${mark.mark} by ${mark.by}` };
  const [judgement] = thought === undefined ? [] : [thought].flat();
  if (judgement) return { state: 'ok', text: judgementText(judgement) };
  const [shown] = given === undefined ? [] : [given].flat();
  if (shown) return { state: shown.look_at > 0 ? 'warning' : 'ok', text: `${shown.look_at} to look at` };
  if (found !== undefined) return { state: 'ok', text: 'patterns' };
  const [table] = [changes ?? attention ?? []].flat();
  return { state: 'ok', text: table ? `${table.rows.length} rows` : 'nothing new' };
}

const JUDGED = { true: 'a real problem', false: 'fine', unsure: 'not sure' } as const;

function judgementText({ verdict, by }: JudgementRow): string {
  return `${JUDGED[verdict]}, says ${by}`;
}

function statusOf({ total, replayed }: DeadLetters): Status {
  if (replayed) return { state: 'ok', text: `${replayed.callbacks} tried again by ${replayed.by}` };
  return { state: total > 0 ? 'warning' : 'ok', text: `${total} given up` };
}
