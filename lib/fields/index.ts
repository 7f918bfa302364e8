export * from './checked-value';
export * from './problems';
export * from './read-field';
