export * from './done-book';
export * from './errors';
export * from './from-audit-sheet';
export * from './from-cell-history';
export * from './from-database';
export * from './from-workbook';
export * from './import-history';
export type { HistoryTable } from './history-table';
