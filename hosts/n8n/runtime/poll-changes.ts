import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { messageOf } from '../../../lib/errors';
import { lookOnce, type Look } from '../../../lib/runtime/look-once';
import { createPeople } from '../../../lib/runtime/people';
import { VersionTrust } from '../../../lib/runtime/resolution/version-trust';
import { nodeError } from './errors';
import { parameter } from './context';
import { lookMemories } from './look-memories';
import { machineOf } from './machine';
import { recordWorkflow } from './record-workflow';
import { orOvertaken } from './poll-overtaken';
import { placeOf } from './ports';
import { chosen, followedSheets, type Chosen } from './sheets';
import { openSmartsheet } from './smartsheet';
import { openStore, type StoreAccess } from './store';
import { tendWebhooks } from './tend-webhooks';

/** What is handed out and not in the trail within this is handed out again (DESIGN §5). */
const LEASE_SECONDS = 60;
const USUAL_MOST = 500;
const MOST_WHILE_TRYING = 10;

/**
 * One poll: looks at each sheet (unless a server does), then gives the changes that wait. A change is done when Audit
 * Trail has recorded it; one that is not comes again.
 * @returns null when nothing waits
 */
export async function pollChanges(context: IPollFunctions): Promise<INodeExecutionData[][] | null> {
  if (context.getMode() === 'manual') return pollOnce(context);
  const place = placeOf(context);
  // n8n begins a poll at its time whether or not the last is over: a second look beside the first would only slow both.
  if (atWork.has(place)) return null;
  atWork.add(place);
  try {
    return await pollOnce(context);
  } finally {
    atWork.delete(place);
  }
}

/** Nodes whose poll is not over, in this process. */
const atWork = new Set<string>();

async function pollOnce(context: IPollFunctions): Promise<INodeExecutionData[][] | null> {
  try {
    const access = await openStore(context);
    // Somebody who tries it out has not published what they are trying.
    if (context.getMode() !== 'manual') await recordWorkflow(context, access);
    const named = chosen(context);
    const isServers = parameter(context, 'reading') === 'server';
    const { sheetIds, failures } = isServers
      ? { sheetIds: named.sheetIds, failures: [] }
      : await lookAtAll(context, access, named);
    const changes = await waiting(context, access, sheetIds);
    if (changes.length > 0) return [changes.map((change) => ({ json: change as unknown as IDataObject }))];
    if (failures.length > 0) throw failures[0];
    return context.getMode() === 'manual' ? nothingToTry(context) : null;
  } catch (thrown) {
    throw nodeError(context.getNode(), orOvertaken(thrown));
  }
}

/** One sheet that cannot be read does not keep the others from being looked at. */
async function lookAtAll(
  context: IPollFunctions,
  { store, driver }: StoreAccess,
  named: Chosen,
): Promise<{ readonly sheetIds: readonly string[]; readonly failures: readonly unknown[] }> {
  const { client } = await openSmartsheet(context, driver);
  const { now, log } = machineOf(context);
  const sheetIds = await followedSheets(named, { client, now, log, place: placeOf(context) });
  const memories = lookMemories(context, sheetIds);
  const hooked = await tendWebhooks({ store, client, now, log }, sheetIds, named.workspaceIds.length > 0);
  const people = createPeople(client, now);
  const failures: unknown[] = [];
  for (const sheetId of sheetIds) {
    const look: Look = { sheetId, hasWebhook: hooked.has(sheetId), memory: memories.of(sheetId) };
    try {
      memories.keep(sheetId, await lookOnce(look, { client, people, store, now, log, trust: new VersionTrust() }));
    } catch (failure) {
      log.error(`Sheet ${sheetId} could not be looked at: ${messageOf(failure)}`);
      failures.push(failure);
    }
  }
  return { sheetIds, failures };
}

/** While somebody tries the node out, nothing is taken from the published workflow. */
async function waiting(context: IPollFunctions, { store }: StoreAccess, sheetIds: readonly string[]) {
  const isTrying = context.getMode() === 'manual';
  const options = (parameter(context, 'options') ?? {}) as { readonly most?: number };
  const limit = isTrying ? MOST_WHILE_TRYING : (options.most ?? USUAL_MOST);
  const changes = await store.leaseChanges({ sheetIds, limit, leaseSeconds: LEASE_SECONDS });
  if (isTrying && changes.length > 0) await store.releaseChanges(changes.map(({ event_key }) => event_key));
  return changes;
}

function nothingToTry(context: IPollFunctions): never {
  throw new NodeOperationError(context.getNode(), 'No change waits', {
    description:
      'Change a cell of a chosen sheet in Smartsheet, and fetch again. The first look only learns what is there.',
  });
}
