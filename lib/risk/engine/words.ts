import type { FeatureName } from '../features/features';
import type { Contribution } from '../logistic/risk-model';
import type { OddFigure } from './engine';

/** How a figure reads: what it is called, and how its number is shown to a person. */
interface Words {
  readonly label: string;
  readonly show: (value: number) => string;
}

const plain = (value: number): string => String(Math.round(value * 100) / 100);
const yesNo = (value: number): string => (value >= 0.5 ? 'yes' : 'no');
const counted = (value: number): string => String(Math.round(Math.expm1(value)));
/** Without a currency: a figure may be a quantity, and a sheet's currency is not among the features. */
const amount = (value: number): string => Math.round(Math.expm1(Math.abs(value))).toLocaleString('en-US');
const signedAmount = (value: number): string => `${value < 0 ? '-' : ''}${amount(value)}`;
const days = (value: number): string => `${Math.round(value)} days`;
const daysOfLog = (value: number): string => days(Math.expm1(value));
const percent = (value: number): string => `${Math.round(value * 100)} %`;
/** Nobody has seen so many changes that a rarer chance could be told from this one. */
const MOST_IN = 1_000_000;
const oneIn = (value: number): string => {
  const count = Math.max(1, Math.round(Math.exp(value)));
  return count > MOST_IN ? 'rarer than 1 in a million' : `1 in ${count.toLocaleString('en-US')}`;
};
const deviations = (value: number): string => `${plain(value)} standard deviations`;
const seconds = (value: number): string => `${Math.round(Math.expm1(value))} s`;
const factor = (value: number): string => `${plain(Math.exp(value))} times`;

const words = {
  off_hours: ['Made outside business hours', yesNo],
  weekend: ['Made on a weekend', yesNo],
  holiday: ['Made on a holiday', yesNo],
  hour_sine: ['Time of day', plain],
  hour_cosine: ['Time of day', plain],
  hour_surprise: ['How often this person works at this hour', oneIn],
  weekday_surprise: ['How often this person works on this weekday', oneIn],
  others_active: ['Others at work within two hours', counted],
  historical: ['Made after the week had closed', yesNo],
  weeks_closed: ['Weeks since the week closed', plain],
  historical_money: ['Price of a closed week', yesNo],
  historical_rise: ['Money added to a closed week', amount],
  just_closed: ['Within two days after the week closed', yesNo],
  historical_habit: ["Share of this person's edits in closed weeks", percent],
  size: ['Size of the change', amount],
  rise: ['Amount added', amount],
  signed_size: ['Change of the amount', signedAmount],
  relative: ['Change against the old value', (value) => percent(Math.sinh(value))],
  is_cell: ['Change of a cell', yesNo],
  is_price: ['Change of a price', yesNo],
  is_quantity: ['Change of a quantity', yesNo],
  off_habit: ["Size against this person's edits of the column", deviations],
  off_column: ["Size against everybody's edits of the column", deviations],
  off_work_request: ['Size against other edits of the work request', deviations],
  off_book: ['Price against quantity times book price', factor],
  above_book: ['Price above the price book', factor],
  left_book: ['Raised above the price book', factor],
  repriced: ['A standing price was changed', yesNo],
  filled: ['An empty cell was filled', yesNo],
  cleared: ['The cell was cleared', yesNo],
  slipped_point: ['The decimal point moved', yesNo],
  round: ['Became a round value', plain],
  round_rise: ['Raised to a round value', plain],
  round_habit: ["This person's share of round values, above others'", percent],
  events_in_minute: ['Changes by this person within a minute before', counted],
  events_in_five_minutes: ['Changes by this person within five minutes before', counted],
  events_in_hour: ['Changes by this person within an hour before', counted],
  events_in_day: ['Changes by this person within a day before', counted],
  rows_in_five_minutes: ['Rows changed by this person within five minutes', counted],
  sheets_in_hour: ['Sheets changed by this person within an hour', plain],
  historical_in_hour: ['Changes in closed weeks within an hour', counted],
  cleared_in_half_hour: ['Cells cleared by this person within half an hour', counted],
  busy_day: ["Changes today against this person's days", deviations],
  gap: ["Time since this person's last change", seconds],
  gap_spread: ['How uneven the pauses between changes are', plain],
  paste: ['Looks like a paste', yesNo],
  access_level: ['Access level', plain],
  low_access: ['Low access level', yesNo],
  review_days: ['Days since access was reviewed', days],
  idle_days: ['Pause before this change', daysOfLog],
  idle_then_money: ['Money changed after a long pause', daysOfLog],
  rights_raised: ['Rights were raised within two weeks', yesNo],
  service_account: ['Service account', yesNo],
  on_leave: ['This person is on leave', yesNo],
  days_known: ['How long this person has been known', daysOfLog],
  first_on_sheet: ["This person's first changes on the sheet", yesNo],
  first_on_work_request: ["This person's first changes on the work request", yesNo],
  first_in_column: ["This person's first changes of the column", yesNo],
  column_surprise: ['How often this person changes this column', oneIn],
  column_surprise_for_role: ['How often this role changes this column', oneIn],
  sheet_surprise: ['How often this person works on this sheet', oneIn],
  sitting_events: ['Changes in this sitting', counted],
  sitting_prices: ['Prices changed in this sitting', counted],
  sitting_price_share: ['Share of prices among the changes of this sitting', percent],
  sitting_raised: ['Prices and quantities raised in this sitting', counted],
  sitting_one_way: ['Chance of so many raises among the changes of this sitting', oneIn],
  sitting_gained: ['Money added to standing prices in this sitting', signedAmount],
  sitting_above_book: ['Raised above the price book in this sitting, all together', factor],
  sitting_rounded: ['Raised to a round value in this sitting', counted],
  sitting_raised_historical: ['Raised in closed weeks in this sitting', counted],
  sitting_cleared: ['Cells cleared in this sitting', counted],
  sitting_unusual: ['Changes of columns that this person seldom changes, in this sitting', oneIn],
  added_in_week: ['Money added by this person in seven days', amount],
  added_in_month: ['Money added by this person in 28 days', amount],
  added_against_role: ["Share of the role's added money in 28 days", percent],
  mostly_rises: ['Chance of so many rises among the last price edits', oneIn],
  small_rises: ['Small rises by this person in ten days', counted],
  small_rise_now: ['A small rise of a standing price', yesNo],
  small_one_way: ['Chance of so many rises among small changes of prices in ten days', oneIn],
  small_one_way_now: ['A small rise after many, and few small falls', oneIn],
  gained_in_week: ['Money added to standing prices by this person in seven days', signedAmount],
  creep: ["This person's prices creep up", plain],
  work_request_creep: ['Prices of the work request creep up', plain],
  same_pair: ['Rows of the sheet with the same quantity and price', counted],
  copied_line: ['Unit, quantity and price like another row of the sheet', plain],
  rewritten: ['Unit, quantity and price of the row written within ten minutes', plain],
  rewriting_took: ['Time in which unit, quantity and price of the row were written', seconds],
  same_value_elsewhere: ['The same price was written to another row lately', yesNo],
  row_edits: ['Edits of the row within seven days', counted],
  row_idle: ['Time since the row was changed', daysOfLog],
  goes_back: ['Goes back to the value before', yesNo],
  price_alone: ['The price changed alone', yesNo],
  persons_on_row: ['Others who changed the row', plain],
  confirmed_before: ['Confirmed findings on this person', counted],
  dismissed_before: ['Dismissed findings on this person', counted],
  sheet_confirmed: ['Share of confirmed findings on the sheet', percent],
  work_request_confirmed: ['Share of confirmed findings on the work request', percent],
} as const satisfies Readonly<Record<FeatureName, readonly [string, Words['show']]>>;

const anomalyWords: Readonly<Record<string, readonly [string, Words['show']]>> = {
  anomaly_forest: ['Strange in combination of figures', oneIn],
  anomaly_neighbours: ['Far from all similar changes', oneIn],
  anomaly_tails: ['Unlikely figures taken one by one', oneIn],
};

/** The mean of a feature over many changes: what it is called, and how the mean reads. */
export function meanInWords(feature: string, mean: number): { readonly label: string; readonly shown: string } {
  const [label, show] = words[feature as FeatureName] ?? [feature, plain];
  // Of many changes some are and some are not.
  return { label, shown: show === yesNo ? percent(mean) : show(mean) };
}

/** One reason of a score, as people and programs read it. */
export interface RiskReason {
  readonly factor: string;
  /** What it adds to the log-odds; all reasons and the base add up to the score. */
  readonly log_odds: number;
  readonly strength: number;
  readonly value: number | null;
  readonly typical: number;
  readonly because: string;
}

/** A contribution with its sentence: what it is, this value, and what is usual. */
export function reasonOf({ feature, logOdds, strength, value, typical }: Contribution): RiskReason {
  const [label, show] = words[feature as FeatureName] ?? anomalyWords[feature] ?? [feature, plain];
  const shown = value === null ? 'not known' : show(value);
  const because = shown === show(typical) ? `${label}: ${shown}.` : `${label}: ${shown}; usual is ${show(typical)}.`;
  return { factor: feature, log_odds: logOdds, strength, value, typical, because };
}

/** A figure that is odd by itself, where no labels say what oddity is worth. */
export function oddReasonOf({ feature, probability, value, typical }: OddFigure): RiskReason {
  const { because } = reasonOf({ feature, value, typical, logOdds: 0, strength: 0 });
  const share = `${Math.max(0.01, Math.round(probability * 1e4) / 100)} %`;
  const strength = ODD_FROM.filter((from) => probability <= from).length;
  return {
    ...{ factor: feature, log_odds: 0, strength, value, typical },
    because: `${because} As far out as ${share} of all changes.`,
  };
}

const ODD_FROM = [0.05, 0.02, 0.01, 0.003, 0.001] as const;
