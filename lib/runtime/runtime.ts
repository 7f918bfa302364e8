import type { Ports, Log } from '../ports';
import type { BillingSettings } from '../settings/billing-settings';
import type { StoreCounts } from '../store/store';
import type { ConfigurationChange, Deployed } from '../weakening';

/**
 * The one worker behind all nodes of a home in this process: store, intake, webhooks, leases. Made by `openRuntime`
 * (`lib/runtime/open-runtime.ts`), counted by the host, closed with its last user.
 */
export interface Runtime {
  /** Ports for one node. `settings` are already complete; `credentials` and `log` are the node's own. */
  portsFor(node: NodeSide): Ports;

  /**
   * Answers whatever was posted to `/webhook`: a challenge, a callback, or neither. Never rejects.
   * A callback is in the store before this resolves with 200.
   */
  answerWebhook(request: WebhookRequest): Promise<WebhookAnswer>;

  /**
   * Tells that this is in force from now on; see `lib/weakening`. What changed against the last one is recorded, and what
   * weakens detection is mailed to those who were told before.
   * @returns what changed
   * @throws StoreUnavailable  nothing was done; telling it again does it
   */
  configurationInForce(deployed: Omit<Deployed, 'scope' | 'at'>): Promise<readonly ConfigurationChange[]>;

  /**
   * Keeps the text of a flow, which must hold no secrets, so that the store can say what `flow_version` stands for.
   * @returns its SHA-256
   * @throws StoreUnavailable
   */
  keepFlow(text: string): Promise<string>;

  health(): Promise<Health>;

  /** Stops intake, waits for what is under way, closes the store. Repeating it is harmless. */
  close(): Promise<void>;
}

/** What differs from node to node. */
export interface NodeSide {
  readonly settings: BillingSettings;
  readonly credentials: Ports['credentials'];
  readonly log: Log;
  /** The host's lasting id of the node, where it has one. */
  readonly nodeId?: string;
}

export interface WebhookRequest {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * The exact bytes, or a stream of them, which is read to its end only where that is worth it. Null when the host could
   * not get at them. A stream that breaks off, or that the host cuts off for being slow, throws.
   */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Health {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly checks: readonly {
    readonly name: string;
    readonly status: 'ok' | 'degraded' | 'down';
    readonly text: string;
  }[];
  readonly counts: StoreCounts | null;
}

export interface RuntimeOptions {
  /** `BILLING_AUDIT_HOME`, absolute. */
  readonly home: string;
  readonly log: Log;
  /** The host tells each configuration that is put in force (`configurationInForce`). */
  readonly tellsConfiguration?: boolean;
  /** The SHA-256 of the flow in force, once it is kept (`keepFlow`): recorded events bear it. Null: not known. */
  readonly flowVersion?: () => string | null;
}
