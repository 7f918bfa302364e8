import type { Node, NodeDef, NodeMessageInFlow } from 'node-red';
import { receive, type ActionDefinition, type Stop } from '../../../lib/define';
import { credentialValues } from './credentials';
import { CatchableError } from './errors';
import type { House } from './house';
import { countOf, toMessages } from './messages';
import { nodeLog } from './node-log';
import { completeParams, type SavedFields } from './params';
import type { RuntimeLease } from './runtime-holder';
import { StatusLine } from './status-line';

type SendMessages = (messages: ReturnType<typeof toMessages>) => void;

/** The Node-RED constructor of a node that works on messages. */
export function actionConstructor(house: House, definition: ActionDefinition) {
  return function construct(this: Node, config: NodeDef): void {
    house.RED.nodes.createNode(this, config);
    new ActionNode(house, definition, this, { ...config }).attach();
  };
}

/**
 * Runs a definition for each message. Node-RED's input handler stays synchronous (a rejected one would end the whole
 * process); everything that can fail, the check of the message too, happens inside one promise that ends in `done`.
 */
class ActionNode {
  private readonly lease: RuntimeLease;
  private readonly status: StatusLine;
  private readonly underWay = new Set<Promise<void>>();
  private passed = 0;
  private beginning: Promise<Stop | undefined> = Promise.resolve(undefined);

  constructor(
    private readonly house: House,
    private readonly definition: ActionDefinition,
    private readonly node: Node,
    private readonly saved: SavedFields,
  ) {
    this.lease = house.runtimes.acquire();
    this.status = new StatusLine(node);
  }

  attach(): void {
    this.beginning = this.begin().catch((thrown: unknown) => {
      this.showFailure(new CatchableError(thrown));
      return undefined;
    });
    this.node.on('input', (message, send, done) => {
      const run = this.run(message, send as SendMessages).then(
        () => done(),
        (thrown: unknown) => this.fail(thrown, done),
      );
      this.underWay.add(run);
      void run.finally(() => this.underWay.delete(run));
    });
    this.node.on('close', (removed: boolean, done: () => void) => {
      this.close(removed).then(done, (thrown: unknown) => {
        this.node.warn(new CatchableError(thrown).message);
        done();
      });
    });
  }

  /** Opens the Runtime, and begins what the node does without messages. */
  private async begin(): Promise<Stop | undefined> {
    const { definition, house, node, saved } = this;
    const runtime = await this.lease.runtime();
    if (!definition.begin) return undefined;
    const { params, settings } = await completeParams(house, { fields: definition.fields, saved, node, message: {} });
    const credentials = credentialValues(house, definition.credentials, saved);
    const ports = runtime.portsFor({ settings, credentials, log: nodeLog(node), nodeId: node.id });
    return definition.begin(params, ports, {
      send: (emitted) => node.send(toMessages(definition.outputs, emitted, null, (message) => message)),
      show: this.status.show,
    });
  }

  private async run(message: NodeMessageInFlow, send: SendMessages): Promise<void> {
    const { definition, house, node, saved } = this;
    const input = receive(definition.input, message.payload);
    const { params, settings } = await completeParams(house, { fields: definition.fields, saved, node, message });
    const credentials = credentialValues(house, definition.credentials, saved);
    const runtime = await this.lease.runtime();
    const emitted = await definition.run(
      input,
      params,
      runtime.portsFor({ settings, credentials, log: nodeLog(node), nodeId: node.id }),
    );
    const count = countOf(emitted);
    if (count)
      send(toMessages(definition.outputs, emitted, message, (original) => house.RED.util.cloneMessage(original)));
    this.passed += 1;
    this.status.show(definition.status?.(emitted) ?? { state: 'ok', text: this.countText() });
  }

  private countText(): string {
    return this.house.RED._('status.passed', {
      passed: this.passed,
      defaultValue: `${this.passed} passed`,
    });
  }

  private fail(thrown: unknown, done: (failure: Error) => void): void {
    const failure = new CatchableError(thrown);
    this.showFailure(failure);
    done(failure);
  }

  private showFailure(failure: CatchableError): void {
    this.status.show({ state: 'error', text: failure.cause.message });
  }

  private async close(removed: boolean): Promise<void> {
    await Promise.allSettled(this.underWay);
    try {
      await (
        await this.beginning
      )?.({ removed });
    } finally {
      this.status.end();
      await this.lease.release();
    }
  }
}
