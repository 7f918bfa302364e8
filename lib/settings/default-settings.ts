import type { BillingSettings } from './billing-settings';
import { DEFAULT_ALIASES, DEFAULT_TRACKED } from './columns';

/** What holds where nobody said anything: DESIGN §3 and §6. */
export const defaultSettings: BillingSettings = {
  timeZone: 'America/Chicago',
  businessHours: '08:00-18:00',
  holidays: 'US',
  closesAfterHours: 0,
  trackedColumns: DEFAULT_TRACKED,
  columnAliases: DEFAULT_ALIASES,
  currencies: { '*': 'USD' },
  severityHighAbove: 1000,
  severityMediumAbove: 100,
  largeChangeAbove: 1000,
  largeChangeShare: 0.5,
  rapidChanges: 10,
  rapidMinutes: 5,
  inactiveDays: 30,
  reviewOverdueDays: 90,
  lowAccessLevel: 2,
};
