import { defineSettings } from '../../lib/define';
import { settingFields } from '../../lib/settings';

export const billingSettings = defineSettings({
  name: 'billing-settings',
  version: 1,
  title: 'Billing settings',
  summary:
    'Time zone, business hours, holidays, when a week closes, tracked columns and limits, set once for all nodes.',
  fields: {
    timeZone: settingFields.timeZone,
    businessHours: settingFields.businessHours,
    holidays: settingFields.holidays,
    closesAfterHours: settingFields.closesAfterHours,
    trackedColumns: settingFields.trackedColumns,
    columnAliases: settingFields.columnAliases,
    currencies: { ...settingFields.currencies, more: true },
    severityHighAbove: { ...settingFields.severityHighAbove, more: true },
    severityMediumAbove: { ...settingFields.severityMediumAbove, more: true },
    largeChangeAbove: { ...settingFields.largeChangeAbove, more: true },
    largeChangeShare: { ...settingFields.largeChangeShare, more: true },
    rapidChanges: { ...settingFields.rapidChanges, more: true },
    rapidMinutes: { ...settingFields.rapidMinutes, more: true },
    inactiveDays: { ...settingFields.inactiveDays, more: true },
    reviewOverdueDays: { ...settingFields.reviewOverdueDays, more: true },
    lowAccessLevel: { ...settingFields.lowAccessLevel, more: true },
  },
});
