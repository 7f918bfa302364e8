export * from './credential';
export * from './fields';
export * from './node';
export * from './wire';
