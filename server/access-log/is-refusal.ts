import type { StoreRefused } from '../../lib/store';

/**
 * Whether the store took the call and said no. By its code: server and palette are bundles of their own in one process, and
 * the store that answers may be of the other.
 */
export function isRefusal(failure: unknown): failure is StoreRefused {
  return failure instanceof Error && 'code' in failure && failure.code === 'store_refused';
}
