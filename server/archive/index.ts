export { ArchiveNotWhole, writeArchive, type Archived, type ArchiveOrder, type ArchiveParts } from './write-archive';
export { RemovalUnsure } from './remove-archived';
