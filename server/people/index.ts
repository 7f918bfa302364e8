export * from './errors';
export * from './read-people';
