import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { receive, type ActionDefinition } from '../../../lib/define';
import type { Log, Ports } from '../../../lib/ports';
import { JobWorker, type DoJob } from '../../../lib/runtime/job-worker';
import type { Runtime } from '../../../lib/runtime/runtime';
import { completeFields } from '../../../lib/settings';
import { credentialFields } from './credentials';
import type { PaletteParts } from './house';

/** What another host sends: an input of the node, its form, and the shared settings, all as they were entered. */
const parametersSchema = z.object({
  input: z.unknown(),
  fields: z.record(z.string(), z.unknown()).default({}),
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** `backup-snapshot` as a kind of job. */
export function jobKind({ name }: Pick<ActionDefinition, 'name'>): string {
  return name.replaceAll('-', '_');
}

/**
 * Does the jobs of the nodes that run on a server only, for hosts that cannot run them (n8n).
 * @returns what ends it, after the job in hand
 */
export function openJobs(parts: PaletteParts, runtime: Runtime, log: Log): () => Promise<void> {
  const nodes = parts.nodes.filter(
    (each): each is ActionDefinition => each.role === 'action' && each.runs === 'server',
  );
  const kinds = Object.fromEntries(nodes.map((node) => [jobKind(node), doerOf(node, parts, runtime, log)]));
  if (nodes.length === 0) return async () => undefined;
  const { store, sleep } = portsFor(runtime, log, {});
  const worker = new JobWorker({ store, kinds, worker: `node-red:${process.pid}:${randomUUID()}`, sleep, log });
  worker.start();
  return () => worker.stop();
}

function doerOf(definition: ActionDefinition, parts: PaletteParts, runtime: Runtime, log: Log): DoJob {
  return async (given) => {
    const { input, fields: entered, settings: shared } = parametersSchema.parse(given);
    const { environment } = parts;
    const { params, settings } = completeFields({ fields: definition.fields, entered, shared, environment });
    // The asking host's credentials stay there: the server uses its own.
    const credentials = Object.fromEntries(
      definition.credentials.map((each) => [each.name, credentialFields(each, {}, environment)]),
    );
    const ports = portsFor(runtime, log, credentials, settings);
    return { ...(await definition.run(receive(definition.input, input), params, ports)) };
  };
}

function portsFor(
  runtime: Runtime,
  log: Log,
  credentials: Ports['credentials'],
  settings: Ports['settings'] = completeFields({ fields: {}, entered: {}, shared: {}, environment: {} }).settings,
): Ports {
  return runtime.portsFor({ settings, credentials, log });
}
