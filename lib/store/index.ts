export * from './store';
export * from './jobs';
export * from './overview';
export * from './store-errors';
export { storeOver } from './store-over-driver';
export { secretBox, secretBoxOfStoreKey, type SecretBox } from './secret-box';
export { openSecretBox } from './secret-box-of-home';
export { migrate, readMigrations, type MigrateOptions, type Migration, type SqlSession } from './migrate';
export { openEmbeddedStore, type EmbeddedStoreDriver, type EmbeddedStoreOptions } from './embedded/driver';
