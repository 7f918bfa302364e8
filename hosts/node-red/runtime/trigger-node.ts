import type { Node, NodeDef } from 'node-red';
import type { Stop, TriggerDefinition } from '../../../lib/define';
import { BadSetting } from '../../../lib/errors';
import { credentialValues } from './credentials';
import { CatchableError } from './errors';
import type { House } from './house';
import { toMessages } from './messages';
import { nodeLog } from './node-log';
import { completeParams, type SavedFields } from './params';
import type { RuntimeLease } from './runtime-holder';
import { StatusLine } from './status-line';

const FIRST_RETRY_MILLISECONDS = 1_000;
const LONGEST_RETRY_MILLISECONDS = 300_000;

/** The Node-RED constructor of a node that starts flows. */
export function triggerConstructor(house: House, definition: TriggerDefinition) {
  return function construct(this: Node, config: NodeDef): void {
    house.RED.nodes.createNode(this, config);
    new TriggerNode(house, definition, this, { ...config }).attach();
  };
}

/**
 * Keeps a trigger started for as long as its node is deployed. A failed start is tried again, later and later; one that
 * only a person can mend (a bad field) waits for the next deploy.
 */
class TriggerNode {
  private readonly lease: RuntimeLease;
  private readonly status: StatusLine;
  private starting: Promise<void> = Promise.resolve();
  private stop: Stop | null = null;
  private retry: NodeJS.Timeout | null = null;
  private closed = false;
  private failures = 0;
  private lastCode = '';

  constructor(
    private readonly house: House,
    private readonly definition: TriggerDefinition,
    private readonly node: Node,
    private readonly saved: SavedFields,
  ) {
    this.lease = house.runtimes.acquire();
    this.status = new StatusLine(node);
  }

  attach(): void {
    // Before that, neither the nodes behind it nor a Catch node can hear it.
    const { events } = this.house.RED;
    const begin = (): void => this.begin();
    events.once('flows:started', begin);
    this.node.on('close', (removed: boolean, done: () => void) => {
      events.removeListener('flows:started', begin);
      this.close(removed).then(done, (thrown: unknown) => {
        this.node.warn(new CatchableError(thrown).message);
        done();
      });
    });
  }

  private begin(): void {
    this.starting = this.start().catch((thrown: unknown) => this.startFailed(thrown));
  }

  private async start(): Promise<void> {
    const { definition, house, node, saved } = this;
    const { params, settings } = await completeParams(house, { fields: definition.fields, saved, node, message: {} });
    const credentials = credentialValues(house, definition.credentials, saved);
    const runtime = await this.lease.runtime();
    const ports = runtime.portsFor({ settings, credentials, log: nodeLog(node) });
    this.stop = await definition.start(
      params,
      ports,
      (emitted) => node.send(toMessages(definition.outputs, emitted, null, (message) => message)),
      this.status.show,
    );
    this.failures = 0;
    this.lastCode = '';
  }

  private startFailed(thrown: unknown): void {
    if (this.closed) return;
    const failure = new CatchableError(thrown);
    this.status.show({ state: 'error', text: failure.cause.message });
    // The first of its kind reaches the Catch node; the same one at every retry would be noise.
    if (failure.code === this.lastCode) this.node.log(failure.message);
    else this.node.error(failure, {});
    this.lastCode = failure.code;
    if (thrown instanceof BadSetting) return;
    const wait = Math.min(FIRST_RETRY_MILLISECONDS * 2 ** this.failures, LONGEST_RETRY_MILLISECONDS);
    this.failures += 1;
    this.retry = setTimeout(() => this.begin(), wait);
  }

  private async close(removed: boolean): Promise<void> {
    this.closed = true;
    if (this.retry) clearTimeout(this.retry);
    await this.starting;
    try {
      await this.stop?.({ removed });
    } finally {
      this.status.end();
      await this.lease.release();
    }
  }
}
