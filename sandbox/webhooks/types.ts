import type { SheetEvent } from '../office/types';

export const WEBHOOK_STATUSES = [
  'NEW_NOT_VERIFIED',
  'ENABLED',
  'DISABLED_BY_OWNER',
  'DISABLED_CALLBACK_FAILED',
  'DISABLED_VERIFICATION_FAILED',
  'DISABLED_SCOPE_INACCESSIBLE',
  'DISABLED_EXCEEDED_GRID_LIMITS',
  'DISABLED_ADMINISTRATIVE',
  'DISABLED_APP_REVOKED',
] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

export interface Webhook {
  readonly id: number;
  readonly ownerId: number;
  readonly sheetId: number;
  readonly columnIds: readonly number[];
  readonly createdAt: number;
  name: string;
  callbackUrl: string;
  events: readonly string[];
  modifiedAt: number;
  status: WebhookStatus;
  disabledDetails: string | undefined;
  sharedSecret: string;
  /** Callbacks answered 200 since the last challenge; the hundredth asks for another one. */
  sinceChallenge: number;
  lastAttemptAt: number | undefined;
  lastAttemptRetries: number;
  lastSuccessAt: number | undefined;
}

/** A callback that was made: its bytes never change, whatever happens on the way. */
export interface Callback {
  readonly nonce: string;
  readonly body: string;
  readonly madeAt: number;
  readonly events: number;
}

/** What became of one try to hand a callback over. `status` is the HTTP status, or what went wrong instead. */
export interface Attempt {
  readonly at: number;
  readonly status: number | 'timeout' | 'no answer' | 'dropped';
}

export interface Delivery {
  readonly nonce: string;
  readonly kind: 'events' | 'status';
  readonly events: number;
  readonly madeAt: number;
  readonly attempts: Attempt[];
  state: 'waiting' | 'delivered' | 'dropped' | 'failed';
}

/** What a hook's debounce window has gathered. */
export interface OpenWindow {
  readonly events: readonly SheetEvent[];
}
