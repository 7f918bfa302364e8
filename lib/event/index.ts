export * from './act-kinds';
export * from './audit-event';
export * from './canonical-instant';
export * from './change';
export * from './money';
export * from './money-text';
export * from './recorded-event';
export * from './work-request';
