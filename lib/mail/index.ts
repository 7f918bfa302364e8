export * from './compose';
export * from './content';
export { timeText } from './words';
