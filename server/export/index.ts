export type { ExportOrder, ExportResult } from './about';
export { readOrder, FORMATS, type Format } from './order';
export { exportRoute } from './route';
export { csvTables, workbookTables, zippedCsvTables, type TableSet } from './table-set';
export { openTrail, type OpenTrail } from './open-trail';
export { writeExport } from './write-export';
export { bundleFilesAt } from './evidence/bundle-files';
export { writeEvidence, type EvidenceOrder, type EvidenceResult } from './evidence/write-evidence';
