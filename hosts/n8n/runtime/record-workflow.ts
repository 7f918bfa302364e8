import type { IExecuteFunctions, IPollFunctions, NodeTypeAndVersion } from 'n8n-workflow';
import { messageOf } from '../../../lib/errors';
import { canonicalJson, sha256Hex } from '../../../lib/hash';
import { recordConfiguration } from '../../../lib/weakening';
import { nodeName, PACKAGE_NAME } from '../names';
import { machineOf } from './machine';
import { present } from './ports';
import type { StoreAccess } from './store';
import { CHANGES_TRIGGER, WATCHED } from './watched-definitions';
import { isWatched, workflowConfiguration } from './workflow-configuration';

type Teller = IPollFunctions | IExecuteFunctions;

/** What this process has recorded already, by the trigger and who told: the same again asks nobody. */
const recorded = new Map<string, string>();
const REMEMBER_AT_MOST = 10_000;

/**
 * Compares the workflow with what was in force before, at each poll of its trigger; what weakens detection is told to those
 * who were told before. That it cannot be recorded keeps no change from being found: the next poll tries again.
 */
export async function recordWorkflow(context: IPollFunctions, access: StoreAccess): Promise<void> {
  await record(context, access, () => {
    const { name, type, typeVersion, disabled = false, parameters } = context.getNode();
    return { name, type, typeVersion, disabled, parameters };
  });
}

/**
 * The same when items arrive at the first of our nodes behind the trigger. n8n leaves a trigger that was not changed itself as
 * it is when a workflow is published anew: its polls go on seeing the version before, and only what runs sees the new one.
 */
export async function recordWorkflowBehind(context: IExecuteFunctions, access: StoreAccess): Promise<void> {
  // Whoever tries a workflow out, or runs one from another, has not published it.
  if (context.getMode() !== 'trigger') return;
  await record(context, access, () => triggerBefore(context));
}

function triggerBefore(context: IExecuteFunctions): NodeTypeAndVersion | null {
  const all = context.getParentNodes(context.getNode().name, { includeNodeParameters: true });
  const before = all.filter((node) => !node.disabled && isWatched(node));
  const [trigger, ...others] = before;
  const isFirst = others.length === 0 && trigger?.type === `${PACKAGE_NAME}.${nodeName(CHANGES_TRIGGER)}`;
  return isFirst ? trigger : null;
}

async function record(
  context: Teller,
  { driver, shared }: StoreAccess,
  triggerOf: () => NodeTypeAndVersion | null,
): Promise<void> {
  const { log } = machineOf(context);
  try {
    const trigger = triggerOf();
    if (trigger === null) return;
    const configuration = workflowConfiguration(context, trigger, shared);
    // Of a node behind it n8n tells the name of the trigger, and not its id.
    const scope = `n8n:${context.getWorkflow().id ?? ''}:${trigger.name}`;
    const fingerprint = sha256Hex(canonicalJson(configuration));
    // Each for itself: what one has seen last may be older than what another sees.
    const key = `${context.getInstanceId()}:${scope}:${context.getNode().name}`;
    if (recorded.get(key) === fingerprint) return;
    // Who published the workflow, n8n does not say.
    await recordConfiguration(driver, { scope, configuration, definitions: WATCHED, by: null, at: present() });
    if (recorded.size >= REMEMBER_AT_MOST) recorded.clear();
    recorded.set(key, fingerprint);
  } catch (failure) {
    log.error(`What this workflow is made of could not be compared with before: ${messageOf(failure)}`);
  }
}
