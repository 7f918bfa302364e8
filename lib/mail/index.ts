export * from './compose';
export * from './content';
