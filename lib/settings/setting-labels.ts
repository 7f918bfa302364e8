import type { BillingSettings } from './billing-settings';

/** What people call each setting, in dialogs and in messages. */
export const settingLabels: Readonly<Record<keyof BillingSettings, string>> = {
  timeZone: 'Time zone',
  businessHours: 'Business hours',
  holidays: 'Holidays',
  closesAfterHours: 'Week closes after (hours)',
  trackedColumns: 'Tracked columns',
  columnAliases: 'Other column names',
  currencies: 'Currency',
  severityHighAbove: 'High severity above',
  severityMediumAbove: 'Medium severity above',
  largeChangeAbove: 'Large change above',
  largeChangeShare: 'Large change above share',
  rapidChanges: 'Rapid changes',
  rapidMinutes: 'Within (minutes)',
  inactiveDays: 'Inactive after (days)',
  reviewOverdueDays: 'Review overdue after (days)',
  lowAccessLevel: 'Low access level up to',
};
