import type { IPollFunctions } from 'n8n-workflow';
import { messageOf } from '../../../lib/errors';
import { canonicalJson, sha256Hex } from '../../../lib/hash';
import { recordConfiguration } from '../../../lib/weakening';
import { machineOf } from './machine';
import { present } from './ports';
import type { StoreAccess } from './store';
import { WATCHED } from './watched-definitions';
import { workflowConfiguration } from './workflow-configuration';

/** What this process has recorded already, by the workflow and its trigger: the same again asks nobody. */
const recorded = new Map<string, string>();
const REMEMBER_AT_MOST = 1000;

/**
 * Compares the workflow with what was in force before, at each poll of its trigger; what weakens detection is told to those
 * who were told before. That it cannot be recorded keeps no change from being found: the next poll tries again.
 */
export async function recordWorkflow(context: IPollFunctions, { driver, shared }: StoreAccess): Promise<void> {
  const { log } = machineOf(context);
  try {
    const configuration = workflowConfiguration(context, shared);
    const scope = `n8n:${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
    const fingerprint = sha256Hex(canonicalJson(configuration));
    const key = `${context.getInstanceId()}:${scope}`;
    if (recorded.get(key) === fingerprint) return;
    // Who published the workflow, n8n does not say.
    await recordConfiguration(driver, { scope, configuration, definitions: WATCHED, by: null, at: present() });
    if (recorded.size >= REMEMBER_AT_MOST) recorded.clear();
    recorded.set(key, fingerprint);
  } catch (failure) {
    log.error(`What this workflow is made of could not be compared with before: ${messageOf(failure)}`);
  }
}
