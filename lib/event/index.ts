export * from './audit-event';
export * from './change';
