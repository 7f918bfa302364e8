export { AUDIT_SHEET_NAME } from './columns';
export type { AuditSheetDesk, AuditSheetRequest } from './desk';
export { startAuditSheet, type AuditSheetParts, type AuditSheetWriter } from './start-audit-sheet';
