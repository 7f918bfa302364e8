export type { BillingSettings, HolidayRule } from './billing-settings';
export * from './columns';
export * from './complete-settings';
export * from './default-settings';
export * from './nearest-title';
export * from './setting-fields';
export * from './setting-labels';
export * from './complete-fields';
