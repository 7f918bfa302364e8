export { openPostgresStore, type PostgresStoreOptions } from './driver';
export { readPostgresAddress, type PostgresAddress } from './address';
export { migratePostgres, type Migrated, type MigratePostgresOptions } from './migrate';
export { connectPostgres, type PostgresSession } from './session';
