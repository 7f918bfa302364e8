export * from './store';
export * from './access';
export * from './directory';
export * from './hangings';
export * from './jobs';
export * from './models';
export * from './overview';
export * from './store-errors';
export { accessOver } from './access-over-driver';
export { storeOver } from './store-over-driver';
export { secretBox, secretBoxOfStoreKey, type SecretBox } from './secret-box';
export { openSecretBox } from './secret-box-of-home';
export { migrate, readMigrations, type MigrateOptions, type Migration, type SqlSession } from './migrate';
export { openEmbeddedStore, type EmbeddedStoreDriver, type EmbeddedStoreOptions } from './embedded/driver';
export { lastUpgradeCopy, returnTo } from './embedded/upgrade-copies';
export { driverOverHttp } from './driver-over-http';
export { connectPostgres, migratePostgres, openPostgresStore, type Migrated, type PostgresSession } from './postgres';
export * from './rows';
export { openSupabaseStore } from './supabase';
export { countsInWords } from './counts-in-words';
export { checkMigrations } from './check-migrations';
export { namedStore, STORE_NAMES, type NamedStore } from './named-store';
export {
  checkGuards,
  expectedGuards,
  type GuardFact,
  type GuardFinding,
  type GuardReport,
  type Guards,
  type SchemaChange,
} from './guards';
