/** What nodes may know of alerting. The loops and the mail server are behind `start-alerting`, which only a Runtime opens. */
export * from './addresses';
export * from './alert';
export * from './decide';
export * from './desk';
export { type Promised, promisesOf, shownOf } from './promise';
export * from './route';
export * from './rule';
export { readChannel, tellChannel } from './second-channel';
