import { canonicalJson, sha256Hex } from '../../lib/hash';
import { type BillingSettings, completeSettings, type GivenSettings } from '../../lib/settings';

/** All that a judgement depends on beside the change and the approvals. */
export interface Rules {
  readonly settings: BillingSettings;
  /** A date whose year lies further back than this is too old. */
  readonly dateYearsBack: number;
  /** A date whose year lies further ahead than this is too far in the future. */
  readonly dateYearsAhead: number;
  /** See `rulesText`. */
  readonly hash: string;
}

export const DATE_YEARS_BACK = 10;
export const DATE_YEARS_AHEAD = 2;

/** Raised whenever the same settings would judge a change otherwise than before. */
const EDITION = 1;

export interface RuleFields extends GivenSettings {
  readonly dateYearsBack: number | null;
  readonly dateYearsAhead: number | null;
}

/**
 * The rules that a node's fields and the shared settings make together.
 * @throws BadSetting  naming the field that cannot be used
 */
export function rulesFrom(fields: RuleFields, shared: BillingSettings): Rules {
  const settings = completeSettings({ node: fields, shared });
  const dateYearsBack = fields.dateYearsBack ?? DATE_YEARS_BACK;
  const dateYearsAhead = fields.dateYearsAhead ?? DATE_YEARS_AHEAD;
  const rules = { settings, dateYearsBack, dateYearsAhead };
  return { ...rules, hash: sha256Hex(rulesText(rules)) };
}

/** The rules in force as canonical JSON: what `rules_hash` is the SHA-256 of. Equal rules give equal text. */
export function rulesText({ settings, dateYearsBack, dateYearsAhead }: Omit<Rules, 'hash'>): string {
  const { timeZone, closesAfterHours, trackedColumns, columnAliases, currencies } = settings;
  const { severityHighAbove, severityMediumAbove } = settings;
  return canonicalJson({
    edition: EDITION,
    timeZone,
    closesAfterHours,
    trackedColumns: [...trackedColumns].sort(),
    columnAliases,
    currencies,
    severityHighAbove,
    severityMediumAbove,
    dateYearsBack,
    dateYearsAhead,
  });
}
