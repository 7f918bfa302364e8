import { BadSetting } from '../errors';
import type { BillingSettings } from './billing-settings';
import { defaultSettings } from './default-settings';
import { isUnset, readers } from './read-setting';
import { settingLabels } from './setting-labels';

type Name = keyof BillingSettings;

/** Fields by name as a form holds them. Names that are no settings are passed over. */
export type GivenSettings = Readonly<Partial<Record<string, unknown>>>;

export interface SettingsSources {
  /** A node's own fields. */
  readonly node?: GivenSettings | undefined;
  /** The fields of *Billing settings*, or settings that are complete already. */
  readonly shared?: GivenSettings | BillingSettings | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Environment variables that are settings too (DESIGN §6). */
export const settingVariables: Readonly<Partial<Record<string, string>>> = {
  timeZone: 'BUSINESS_TIME_ZONE',
  businessHours: 'BUSINESS_HOURS',
  holidays: 'HOLIDAYS',
};

/**
 * Completes settings: for each, the node's field, else the shared setting, else the environment, else the default.
 * Empty (null, '', an empty list or object) means not set. Aliases and currencies of all sources are joined, name by
 * name. Takes what a form gives: numbers also as text, lists also with commas.
 * @throws BadSetting  naming the field or variable; also when the limit for HIGH is below that for MEDIUM
 */
export function completeSettings(sources: SettingsSources): BillingSettings {
  const settings: BillingSettings = {
    timeZone: chosen('timeZone', sources),
    businessHours: chosen('businessHours', sources),
    holidays: chosen('holidays', sources),
    closesAfterHours: chosen('closesAfterHours', sources),
    trackedColumns: chosen('trackedColumns', sources),
    columnAliases: joined('columnAliases', sources),
    currencies: joined('currencies', sources),
    severityHighAbove: chosen('severityHighAbove', sources),
    severityMediumAbove: chosen('severityMediumAbove', sources),
    largeChangeAbove: chosen('largeChangeAbove', sources),
    largeChangeShare: chosen('largeChangeShare', sources),
    rapidChanges: chosen('rapidChanges', sources),
    rapidMinutes: chosen('rapidMinutes', sources),
    inactiveDays: chosen('inactiveDays', sources),
    reviewOverdueDays: chosen('reviewOverdueDays', sources),
    lowAccessLevel: chosen('lowAccessLevel', sources),
  };
  if (settings.severityHighAbove >= settings.severityMediumAbove) return settings;
  throw new BadSetting(
    settingLabels.severityHighAbove,
    `(${settings.severityHighAbove}) is below "${settingLabels.severityMediumAbove}" (${settings.severityMediumAbove})`,
    'Make the limit for high the larger one.',
  );
}

function chosen<N extends Name>(name: N, sources: SettingsSources): BillingSettings[N] {
  const [first] = given(name, sources);
  return first ? readers[name](first.value, first.field) : defaultSettings[name];
}

function joined<N extends 'columnAliases' | 'currencies'>(name: N, sources: SettingsSources): BillingSettings[N] {
  const fromWeakest = given(name, sources).toReversed();
  return Object.assign(
    {},
    defaultSettings[name],
    ...fromWeakest.map(({ value, field }) => readers[name](value, field)),
  );
}

/** What was given for a setting, the strongest first. */
function given(name: Name, { node, shared, environment }: SettingsSources): { value: unknown; field: string }[] {
  const variable = settingVariables[name];
  return [
    { value: valueIn(node, name), field: settingLabels[name] },
    { value: valueIn(shared, name), field: settingLabels[name] },
    ...(variable === undefined ? [] : [{ value: environment?.[variable], field: variable }]),
  ].filter(({ value }) => !isUnset(value));
}

function valueIn(source: GivenSettings | BillingSettings | undefined, name: Name): unknown {
  return source && Object.hasOwn(source, name) ? source[name] : undefined;
}
