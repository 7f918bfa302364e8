import type { AccessOverview, AccessPage, AccessReader, AccessStore, OriginCandidates } from './access';
import type { StoreDriver } from './store';

type Recorded = Awaited<ReturnType<AccessStore['recordAccess']>>;

/** The access log in the words of the nodes, over any driver. */
export function accessOver(driver: Pick<StoreDriver, 'rpc'>): AccessStore {
  const ask = async <Answer>(name: `billing_audit_${string}`, p: unknown): Promise<Answer> =>
    (await driver.rpc(name, p)) as Answer;
  return {
    async recordAccess(news) {
      return (await ask<{ recorded: Recorded }>('billing_audit_record_access', news)).recorded;
    },
    async accessReader(reader) {
      return (await ask<{ reader: AccessReader | null }>('billing_audit_access_reader', { reader })).reader;
    },
    accessEvents: (query) => ask<AccessPage>('billing_audit_access_events', query),
    accessOverview: (period) => ask<AccessOverview>('billing_audit_access_overview', period),
    originCandidates: ({ windowSeconds, ...request }) =>
      ask<OriginCandidates>('billing_audit_origin_candidates', { ...request, window_seconds: windowSeconds }),
    async recordOrigins(origins) {
      return (await ask<{ recorded: number }>('billing_audit_record_origins', { origins })).recorded;
    },
  };
}
