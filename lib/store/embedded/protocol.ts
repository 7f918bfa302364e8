/** What the driver and its worker thread say to each other. Values cross as JSON text: one parse, no class lost. */
export interface WorkerSetup {
  readonly directory: string;
}

/** One statement; with `parameters` it must be a single one, without it may be a whole file. */
export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly unknown[];
}

export type WorkerCall =
  | { readonly kind: 'rpc'; readonly name: string; readonly p: string; readonly role: string; readonly claims: string }
  /** All in one transaction; the answer is the rows of the last one. */
  | { readonly kind: 'transaction'; readonly statements: readonly Statement[] }
  | { readonly kind: 'checkpoint' }
  /** A copy of the whole folder, as it is between two calls. */
  | { readonly kind: 'copy'; readonly to: string }
  /** Of one table, by its quoted name with its schema: whoever waits for a call waits for one table at most. */
  | { readonly kind: 'analyze'; readonly table: string }
  | { readonly kind: 'vacuum'; readonly table: string }
  | { readonly kind: 'close' };

export type WorkerRequest = WorkerCall & { readonly id: number };

export interface WorkerFailure {
  readonly sqlstate: string | null;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  /** Of several statements the one that was refused, from 0. */
  readonly statement: number | null;
}

export type WorkerReply =
  /** Said once, when the store is open. `syncs` = how often the disk was told to keep what was written so far. */
  | { readonly kind: 'ready'; readonly syncs: number }
  | { readonly kind: 'not_synced'; readonly why: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: string; readonly syncs: number }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: WorkerFailure };
