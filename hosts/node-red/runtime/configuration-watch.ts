import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../lib/errors';
import { asTold } from '../../../lib/flows-diff';
import { canonicalJson } from '../../../lib/hash';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { configurationOf } from './deployed-configuration';
import type { House } from './house';
import type { FlowNode } from './reach';

/** A line of Node-RED's audit log: an action of the admin API, and who asked for it. */
interface AuditLine {
  readonly event?: unknown;
  readonly error?: unknown;
  readonly user?: { readonly username?: unknown };
}

interface Told {
  readonly configuration: Parameters<Runtime['configurationInForce']>[0];
  /** What is deployed, as canonical JSON; secrets, and code of nodes that are not ours, as the trail may tell them. */
  readonly flow: string;
}

const DEPLOYS = new Set(['flows.set', 'flow.add', 'flow.update', 'flow.remove']);
const AGAIN_MILLISECONDS = 5_000;

/**
 * After each start of the flows, compares what is deployed with what was in force before, in the store: so a flow that
 * was edited in its file while nothing ran is noticed too. A store that is away is tried again until the flows stop; the
 * next start is compared with what was told last.
 */
export function watchConfiguration(house: House, home: string, log: Log): void {
  const { RED, parts } = house;
  let by: string | null = null;
  let current: AbortController | null = null;
  let turn = Promise.resolve();
  hearWhoDeploys(house, (name) => (by = name));
  RED.events.on('flows:stopping', () => {
    current?.abort();
    house.flow.version = null;
  });
  RED.events.on('flows:started', () => {
    const deployedBy = by;
    by = null;
    const round = (current = new AbortController());
    const flows = deployedFlows(house);
    const configuration = configurationOf(flows, parts.nodes, parts.environment);
    // Where nothing of ours was ever deployed there is no store, and none is made.
    if (configuration.nodes.length === 0 && !existsSync(join(home, 'store'))) return;
    const told = { configuration: { configuration, definitions: parts.nodes, by: deployedBy }, flow: flowText(flows) };
    // One after another: the flow that was in force for a second was in force.
    turn = turn
      .then(() => untilTold(house, told, log, round.signal))
      .catch((failure: unknown) => log.error(messageOf(failure)));
  });
}

/** Node-RED's own log takes handlers; the type package does not know of it. */
interface AuditLog {
  addHandler?(handler: { emit(event: 'log', line: AuditLine): void }): void;
}

function hearWhoDeploys({ RED }: House, tell: (name: string | null) => void): void {
  (RED.log as AuditLog).addHandler?.({
    emit: (_event, { event, error, user }) => {
      if (typeof event !== 'string' || !DEPLOYS.has(event) || error !== undefined) return;
      tell(typeof user?.username === 'string' ? user.username : null);
    },
  });
}

function deployedFlows({ RED }: House): readonly FlowNode[] {
  const flows: FlowNode[] = [];
  RED.nodes.eachNode((node) => flows.push(node as unknown as FlowNode));
  return flows;
}

/** The same for the same flows, in whatever order they come. It is never altered again, so no secret may be in it. */
function flowText(flows: readonly FlowNode[]): string {
  const ordered = flows.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  return canonicalJson(ordered.map(nodeAsTold));
}

function nodeAsTold(node: FlowNode): Readonly<Record<string, unknown>> {
  const properties = Object.entries(node).filter(([name]) => name !== 'credentials');
  return Object.fromEntries(properties.map(([name, value]) => [name, asTold(node.type, name, value)]));
}

/** Holds the Runtime while it tells, so that the last node of ours that goes is told of too. */
async function untilTold(house: House, told: Told, log: Log, signal: AbortSignal): Promise<void> {
  const lease = house.runtimes.acquire();
  let complaint = '';
  try {
    do {
      try {
        const runtime = await lease.runtime();
        const version = await runtime.keepFlow(told.flow);
        // Events of another flow must not bear it.
        if (!signal.aborted) house.flow.version = version;
        const changes = await runtime.configurationInForce(told.configuration);
        log.info(`The configuration was compared with the one before: ${changes.length || 'no'} changes.`);
        for (const { because, weakens } of changes) if (weakens) log.warn(`Detection was weakened: ${because}`);
        return;
      } catch (failure) {
        const message = messageOf(failure);
        if (message !== complaint) log.warn(`What was deployed could not be compared yet: ${message}`);
        complaint = message;
        await delay(AGAIN_MILLISECONDS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    } while (!signal.aborted);
  } finally {
    await lease.release();
  }
}
