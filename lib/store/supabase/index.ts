export { openSupabaseStore, type SupabaseStoreOptions } from './driver';
