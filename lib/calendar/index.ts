export * from './business-time';
export * from './day';
export * from './holidays';
export * from './hours';
export * from './time-zone';
