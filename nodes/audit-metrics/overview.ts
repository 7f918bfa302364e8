import { promisesOf } from '../../lib/alerts';
import type { Emit, Params } from '../../lib/define';
import type { Ports } from '../../lib/ports';
import type { LastingTrouble, Overview } from '../../lib/store/overview';
import { OUR_OWN_SHEET } from '../../lib/weakening';
import type { auditMetricsFields } from './fields';
import { ALERT_ROWS, ATTENTION_ROWS } from './fields';
import { judgementsOf } from './judging';
import { holdOff, remember, shownBy, type Shown } from './shown';
import {
  MOST_TROUBLES,
  type alerts,
  type Cards,
  type cards,
  type histogram,
  type page,
  type people,
  type sheets,
  type timeline,
} from './wires';
import { alertOf, moneyText, rowOf, whenText, whenTextOrNull } from './words';

type Given = Emit<{
  cards: typeof cards;
  timeline: typeof timeline;
  histogram: typeof histogram;
  people: typeof people;
  sheets: typeof sheets;
  attention: typeof page;
  alerts: typeof alerts;
}>;

/**
 * The numbers of the overview page, when they differ from those given last.
 * @returns nothing while nothing has changed
 * @throws StoreUnavailable, StoreRefused  the page keeps what it shows
 */
export async function overview(
  params: Pick<Params<typeof auditMetricsFields>, 'days' | 'riskFrom'>,
  ports: Pick<Ports, 'store' | 'nodeId' | 'now' | 'settings'>,
): Promise<Given> {
  const shown = shownBy(ports);
  const began = ports.now();
  if (began < shown.nextAt) return {};
  holdOff(shown, began);
  try {
    const { version, seal, given } = await numbers(shown, began, params, ports);
    remember(shown, { version, seal }, began, ports.now());
    return given;
  } catch (thrown) {
    // Whoever was told of the failure must see the numbers again, changed or not.
    shown.version = undefined;
    throw thrown;
  }
}

async function numbers(
  { version: known, seal: before }: Pick<Shown, 'version' | 'seal'>,
  now: number,
  params: Pick<Params<typeof auditMetricsFields>, 'days' | 'riskFrom'>,
  { store, settings }: Pick<Ports, 'store' | 'settings'>,
): Promise<{ readonly version: string; readonly seal: string; readonly given: Given }> {
  const risk_from = params.riskFrom ?? 0.7;
  const evidence = await store.evidence();
  const seal = JSON.stringify(evidence);
  const answer = await store.overview({
    now: new Date(now).toISOString(),
    days: params.days ?? 7,
    time_zone: settings.timeZone,
    risk_from,
    ...(known === undefined || seal !== before ? {} : { known }),
  });
  if (answer.unchanged) return { version: answer.version, seal, given: {} };
  const troubles = await store.watchTroubles();
  const promises = promisesOf(await store.promise(new Date(now).toISOString()), now);
  const { events, next } = await store.needsLook({ risk_from, limit: ATTENTION_ROWS });
  const { total, unread, alerts: latest } = await store.alerts({ limit: ALERT_ROWS });
  const said = await judgementsOf([...events, ...latest], { store, settings });
  const rows = events.map((event) => rowOf(event, settings, said.get(event.event_key)));
  const attention = { rows, next, after: null, order: 'newest' };
  const told = latest.map((alert) => alertOf(alert, settings, said.get(alert.event_key)));
  const raised = { total, unanswered: unread, latest: told };
  return {
    version: answer.version,
    seal,
    given: { ...charts(answer, settings, { promises, troubles, evidence }), attention, alerts: raised },
  };
}

/** With these something is wrong, and the sheet is watched all the same. */
const WATCHED_ALL_THE_SAME: readonly string[] = ['webhook', 'callbacks'];

function charts(
  answer: Overview,
  settings: Ports['settings'],
  {
    promises,
    troubles,
    evidence,
  }: Pick<Cards, 'promises' | 'evidence'> & { readonly troubles: readonly LastingTrouble[] },
): Omit<Given, 'attention' | 'alerts'> {
  // A list is one message for each of its values, so a message that is a list stands in a list of its own.
  return {
    cards: { ...cardsOf(answer, settings, troubles), promises, evidence },
    timeline: [answer.timeline.map(({ at, low, medium, high }) => ({ at, Low: low, Medium: medium, High: high }))],
    histogram: [answer.histogram.map(({ tenth, changes }) => ({ risk: tenthText(tenth), Changes: changes }))],
    people: [answer.people.map((each) => ({ ...each, person: each.person ?? 'Nobody knows who' }))],
    sheets: [
      answer.sheets.map(({ last_change_at, compared_at, ...sheet }) => ({
        ...sheet,
        last_change: whenTextOrNull(last_change_at, settings),
        compared: whenTextOrNull(compared_at, settings),
        unseen_since: whenTextOrNull(unseenSince(sheet.sheet_id, troubles), settings),
      })),
    ],
  };
}

/** What is wrong with the watch. The audit sheet is a copy: that it cannot be written is told, and nothing goes unseen. */
function ofTheWatch(troubles: readonly LastingTrouble[]): readonly LastingTrouble[] {
  return troubles.filter(({ sheet_id }) => sheet_id !== OUR_OWN_SHEET);
}

function unseenSince(sheetId: string, troubles: readonly LastingTrouble[]): string | null {
  const unseen = ofTheWatch(troubles).find(
    ({ kind, sheet_id }) => sheet_id === sheetId && !WATCHED_ALL_THE_SAME.includes(kind),
  );
  return unseen?.began_at ?? null;
}

/** A database that was set up by an earlier version does not tell this yet. */
interface SinceArrival {
  readonly median_seconds_from_arrival?: number | null;
}

function cardsOf(
  { cards: counted, sheets: watched, ...answer }: Overview,
  settings: Ports['settings'],
  troubles: readonly LastingTrouble[],
): Omit<Cards, 'promises' | 'evidence'> {
  const { money_at_risk, last_problem_at, watching_since, last_event_at, last_backup_at, ...counts } = counted;
  const { median_seconds_to_alert, median_seconds_from_arrival, looking_by, ...numbers }: typeof counts & SinceArrival =
    counts;
  const webhook = watched.filter(({ watched_by }) => watched_by === 'webhook').length;
  return {
    ...numbers,
    looking_by: [...looking_by],
    version: answer.version,
    as_of: whenText(answer.as_of, settings),
    well: counts.look_at + counts.looking + counts.dead_letters + ofTheWatch(troubles).length === 0,
    ...troublesShown(troubles, settings),
    last_problem: whenTextOrNull(last_problem_at, settings),
    watching_since: whenTextOrNull(watching_since, settings),
    last_event: whenTextOrNull(last_event_at, settings),
    last_backup: whenTextOrNull(last_backup_at, settings),
    money_at_risk: money_at_risk.map((sum) => ({ ...sum, text: moneyText(sum.amount, sum.currency) })),
    sheets: { webhook, polling: watched.length - webhook },
    seconds_to_alert: median_seconds_to_alert,
    seconds_from_arrival: median_seconds_from_arrival ?? null,
    period: periodText(answer, settings),
    time_zone: settings.timeZone,
  };
}

/** The oldest first; one refused token is a trouble of each of its sheets. */
function troublesShown(
  troubles: readonly LastingTrouble[],
  settings: Ports['settings'],
): Pick<Cards, 'troubles' | 'troubles_in_all'> {
  const shown = troubles.slice(0, MOST_TROUBLES).map(({ title, began_at, sheet_id }) => ({
    title,
    since: whenText(began_at, settings),
    of_watch: sheet_id !== OUR_OWN_SHEET,
  }));
  return { troubles: shown, troubles_in_all: troubles.length };
}

function periodText(
  { days, until, as_of }: Pick<Overview, 'days' | 'until' | 'as_of'>,
  settings: Ports['settings'],
): string {
  const length = days === 1 ? 'Last day' : `Last ${days} days`;
  return until === as_of ? length : `${length} before ${whenText(until, settings)}, when the last change was made`;
}

function tenthText(tenth: number): string {
  return `${tenth * 10}–${tenth * 10 + (tenth === 9 ? 10 : 9)}`;
}
