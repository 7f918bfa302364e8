import { until } from '../../support/until';
import type { StoreServer } from './store-server';
import type { Workflow } from './workflow';

/** An event about a version of a workflow, by the names of the trail. */
export type RecordedVersion = Readonly<Record<string, string | null>>;

/** What the trail says of the versions of a workflow, the newest first. */
export async function versionsOf(
  store: StoreServer,
  { id }: Pick<Workflow, 'id'>,
): Promise<readonly RecordedVersion[]> {
  const asked = { kind: 'configuration', limit: 200 };
  const { events } = await store.rpc<{ events: RecordedVersion[] }>('billing_audit_search', asked);
  return events.filter(({ event_key }) => event_key?.startsWith(`configuration:n8n:${id}:`));
}

/**
 * Waits until a version is recorded that sets something to this value.
 * @param change  makes a change run through the workflow: n8n activates a version in its own time, and what runs before has the old one
 */
export function untilVersion(
  store: StoreServer,
  workflow: Pick<Workflow, 'id'>,
  value: string,
  change: () => Promise<unknown>,
): Promise<RecordedVersion> {
  const found = async () => {
    await change();
    return (await versionsOf(store, workflow)).find(({ new_value }) => new_value === value);
  };
  return until(found, `a version that says ${value}`, 120_000);
}

/** Who is told of it by mail. */
export async function toldOf(store: StoreServer, { event_key }: RecordedVersion): Promise<readonly string[]> {
  type Told = { readonly event_key: string; readonly recipients: { readonly recipient: string }[] | null };
  const { alerts } = await store.rpc<{ alerts: Told[] }>('billing_audit_alerts', { limit: 100 });
  const told = alerts.find((each) => each.event_key === event_key);
  return (told?.recipients ?? []).map(({ recipient }) => recipient);
}
