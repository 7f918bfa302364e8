import { columns, hours, number, string, type Field } from '../define/fields';
import type { BillingSettings } from './billing-settings';
import { settingLabels as label } from './setting-labels';

/**
 * The form of each setting, once: *Billing settings* shows all of them, a node those that it uses. All are empty to
 * begin with; an empty one takes the environment's value or the default that its hint names.
 */
export const settingFields = {
  timeZone: string({
    label: label.timeZone,
    weaker: 'changed',
    hint: 'Where your billing weeks begin and end, as a name such as America/Chicago (the default).',
    placeholder: 'America/Chicago',
    pattern: { regex: '^$|^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$', message: 'A time zone looks like America/Chicago' },
  }),
  businessHours: hours({
    label: label.businessHours,
    weaker: 'wider',
    hint: 'When people normally work, in the time zone of the business. Default 08:00-18:00.',
  }),
  holidays: string({
    label: label.holidays,
    weaker: 'fewer',
    hint: 'A country or region (US, US-TX, GB-ENG), dates with commas (2026-12-24, 2026-12-31), or none. Default US.',
    placeholder: 'US',
  }),
  closesAfterHours: number({
    label: label.closesAfterHours,
    weaker: 'higher',
    hint: 'How long after its Sunday a week may still be corrected. 0 (the default) closes it Monday at 00:00.',
    min: 0,
    max: 8760,
    unit: 'h',
  }),
  trackedColumns: columns({
    label: label.trackedColumns,
    weaker: 'fewer',
    hint: 'Titles with commas. Only changes in these can be violations. Default: quantity, both prices, date, work request.',
    many: true,
  }),
  columnAliases: string({
    label: label.columnAliases,
    weaker: 'fewer',
    hint: 'Where your sheets use another title: Their Title = Units Total Price, with commas between pairs.',
    placeholder: 'Total $ = Units Total Price',
  }),
  currencies: string({
    label: label.currencies,
    hint: 'One for all sheets (USD, the default), or also for single sheets: USD, 4583173393803140 = CAD.',
    placeholder: 'USD',
  }),
  severityHighAbove: number({
    label: label.severityHighAbove,
    weaker: 'higher',
    hint: 'A change to a closed week by more than this is of high severity. Default 1,000.',
    min: 0,
  }),
  severityMediumAbove: number({
    label: label.severityMediumAbove,
    weaker: 'higher',
    hint: 'A change to a closed week by more than this is of medium severity. Default 100.',
    min: 0,
  }),
  largeChangeAbove: number({
    label: label.largeChangeAbove,
    weaker: 'higher',
    hint: 'A change by more than this counts as large in the risk score. Default 1,000.',
    min: 0,
  }),
  largeChangeShare: number({
    label: label.largeChangeShare,
    weaker: 'higher',
    hint: 'A change by more than this share of the old value counts as large. 0.5 (the default) is 50 %.',
    min: 0,
  }),
  rapidChanges: number({
    label: label.rapidChanges,
    weaker: 'higher',
    hint: 'So many changes by one person in a short time count as rapid. Default 10.',
    min: 2,
    max: 10_000,
    integer: true,
  }),
  rapidMinutes: number({
    label: label.rapidMinutes,
    weaker: 'lower',
    hint: 'The short time in which rapid changes are counted. Default 5.',
    min: 1,
    max: 1440,
    integer: true,
    unit: 'min',
  }),
  inactiveDays: number({
    label: label.inactiveDays,
    weaker: 'higher',
    hint: 'An account that did nothing for longer than this was inactive. Default 30.',
    min: 1,
    max: 3650,
    integer: true,
    unit: 'd',
  }),
  reviewOverdueDays: number({
    label: label.reviewOverdueDays,
    weaker: 'higher',
    hint: 'Access that nobody reviewed for longer than this is overdue. Default 90.',
    min: 1,
    max: 3650,
    integer: true,
    unit: 'd',
  }),
  lowAccessLevel: number({
    label: label.lowAccessLevel,
    weaker: 'lower',
    hint: 'Access levels go from 1 to 10; up to this they are low. Default 2.',
    min: 0,
    max: 10,
    integer: true,
  }),
} as const satisfies Readonly<Record<keyof BillingSettings, Field>>;

/**
 * A setting's field for a node: left empty, the value of *Billing settings* is used.
 * @param more  true to show it under *More*
 */
export function linked<Name extends keyof typeof settingFields>(
  name: Name,
  more = true,
): (typeof settingFields)[Name] & { readonly setting: Name; readonly more: boolean } {
  return { ...settingFields[name], setting: name, more };
}
