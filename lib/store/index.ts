export * from './store';
export * from './overview';
export * from './store-errors';
export { storeOver } from './store-over-driver';
export { openSecretBox, secretBox, type SecretBox } from './secret-box';
export { migrate, readMigrations, type MigrateOptions, type Migration, type SqlSession } from './migrate';
export { openEmbeddedStore, type EmbeddedStoreDriver, type EmbeddedStoreOptions } from './embedded/driver';
