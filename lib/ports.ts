import type { AlertDesk } from './alerts/desk';
import type { AccessDesk } from './runtime/access/access-desk';
import type { AuditSheetDesk } from './audit-sheet/desk';
import type { ChangeSource } from './runtime/change-source';
import type { ModelDesk } from './runtime/models/desk';
import type { BillingSettings } from './settings/billing-settings';
import type { Store } from './store/store';

/**
 * What a host lends to a node, and all that a node may use of the outside: no global, no `Date.now()`, no `fetch`.
 */
export interface Ports {
  readonly http: Http;
  readonly store: Store;
  /** The changes that wait for this node; only a trigger uses it. */
  readonly changes: ChangeSource;
  /** Where alerts are raised; absent where no Runtime of ours stands behind the store. */
  readonly alerts?: AlertDesk;
  /** Where Smartsheet's Event Reporting is read; absent where no Runtime of ours stands behind the store. */
  readonly access?: AccessDesk;
  /** Where events are handed on to a sheet of Smartsheet's; absent where no Runtime of ours stands behind the store. */
  readonly auditSheet?: AuditSheetDesk;
  /** Where models are asked, trained and moved; absent where no Runtime of ours stands behind the store. */
  readonly models?: ModelDesk;
  /** The host's lasting id of the node that these ports are lent to, where it has one. */
  readonly nodeId?: string;
  /** The shared *Billing settings*, already completed with defaults. */
  readonly settings: BillingSettings;
  /** What the node's credentials hold, by the credential's name and then the field's; an empty object without any. */
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
}

/** The present, in milliseconds since 1970-01-01T00:00:00Z. */
export type Now = () => number;

/** Resolves after `milliseconds`, or rejects with the signal's reason when it aborts first. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** A number in [0, 1). Never used for secrets. */
export type Random = () => number;

/** One line for people: what happened, and the ids it is about. Secrets and cell values do not belong here. */
export interface Log {
  debug(message: string, context?: Record<string, unknown>): void;
  info(message: string, context?: Record<string, unknown>): void;
  warn(message: string, context?: Record<string, unknown>): void;
  error(message: string, context?: Record<string, unknown>): void;
}

/** One HTTP exchange. Rejects only when there is no answer (refused, reset, timed out); a 500 is an answer. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMilliseconds: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
