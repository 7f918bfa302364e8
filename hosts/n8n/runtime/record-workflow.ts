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

const TRIGGER = `${PACKAGE_NAME}.${nodeName(CHANGES_TRIGGER)}`;

type Teller = IPollFunctions | IExecuteFunctions;

/**
 * What the polls of each trigger recorded last. They never ask again for the same: where n8n has them see the version before,
 * that one would be taken for a new one.
 */
const polled = new Map<string, string>();
/**
 * What was recorded in a run, by trigger and run. A run is of one version from its beginning to its end, so it asks once;
 * the next asks again, since meanwhile another process may have recorded another version.
 */
const ran = new Map<string, string>();
const RUNS_AT_MOST = 10_000;

/**
 * Compares the workflow with what was in force before, at each poll of its trigger; what weakens detection is told to those
 * who were told before. That it cannot be recorded keeps no change from being found: the next poll tries again.
 */
export async function recordWorkflow(context: IPollFunctions, access: StoreAccess): Promise<void> {
  await record(context, access, () => {
    const { name, type, typeVersion, disabled = false, parameters } = context.getNode();
    return [{ trigger: { name, type, typeVersion, disabled, parameters }, known: polled, by: '' }];
  });
}

/**
 * The same when items arrive at the first of our nodes behind a trigger, or behind several. n8n leaves a trigger that was not
 * changed itself as it is when a workflow is published anew: its polls go on seeing the version before, and only what runs
 * sees the new one.
 */
export async function recordWorkflowBehind(context: IExecuteFunctions, access: StoreAccess): Promise<void> {
  // Whoever tries a workflow out, or runs one from another, has not published it.
  if (context.getMode() !== 'trigger') return;
  await record(context, access, () =>
    triggersBefore(context).map((trigger) => ({ trigger, known: ran, by: context.getExecutionId() })),
  );
  for (const oldest of ran.keys()) {
    if (ran.size <= RUNS_AT_MOST) break;
    ran.delete(oldest);
  }
}

/** The triggers from which items get here without passing another of our nodes that is on. */
function triggersBefore(context: IExecuteFunctions): readonly NodeTypeAndVersion[] {
  const all = context.getParentNodes(context.getNode().name, { includeNodeParameters: true });
  const before = all.filter((node) => !node.disabled && isWatched(node));
  const isTrigger = ({ type }: NodeTypeAndVersion): boolean => type === TRIGGER;
  const others = new Set(before.filter((node) => !isTrigger(node)).map(({ name }) => name));
  return before
    .filter(isTrigger)
    .filter(({ name }) => !context.getChildNodes(name).some((each) => others.has(each.name)));
}

interface Told {
  readonly trigger: NodeTypeAndVersion;
  /** Where it is remembered, and for which run. */
  readonly known: Map<string, string>;
  readonly by: string;
}

async function record(context: Teller, { driver, shared }: StoreAccess, told: () => readonly Told[]): Promise<void> {
  const { log } = machineOf(context);
  try {
    for (const { trigger, known, by } of told()) {
      const configuration = workflowConfiguration(context, trigger, shared);
      // Of a node behind it n8n tells the name of the trigger, and not its id.
      const scope = `n8n:${context.getWorkflow().id ?? ''}:${trigger.name}`;
      const fingerprint = sha256Hex(canonicalJson(configuration));
      const key = `${context.getInstanceId()}:${scope}:${by}`;
      if (known.get(key) === fingerprint) continue;
      // Who published the workflow, n8n does not say.
      await recordConfiguration(driver, { scope, configuration, definitions: WATCHED, by: null, at: present() });
      known.set(key, fingerprint);
    }
  } catch (failure) {
    log.error(`What this workflow is made of could not be compared with before: ${messageOf(failure)}`);
  }
}
