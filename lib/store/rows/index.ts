export { SAME_TEXT, type SqlConnection } from './connection';
export { driverOverConnection } from './driver-over-connection';
export { RowsDiffer, StoreNotEmpty, StoresDiffer } from './errors';
export type { RowPage, TableSum } from './read-rows';
export { connectionOver, rowsOfStore } from './store-rows';
export type { SequencePlace, TableShape } from './tables';
export { OF_THE_DATABASE, writeRows, type RowSource, type WriteOptions } from './write-rows';
