import type { Death } from './points';

/** What a process under test is told to be: which store, where it is reached, how it dies, which bug it has. */
export interface AuditorOrder {
  readonly home: string;
  readonly workerPath: string;
  readonly migrations: string;
  /** `DATABASE_URL`; null: the embedded store in the home. */
  readonly postgres: string | null;
  /** The journal's folder where it is not in the home: on a disk that is soon full. */
  readonly journal: string | null;
  /** The sandbox, with `/2.0`. */
  readonly base: string;
  readonly sheetIds: readonly string[];
  /** Where callbacks go: not to the process itself, which changes its port with each life. */
  readonly publicUrl: string;
  readonly death: Death | null;
  readonly bug: Bug | null;
}

/** Planted in the seams of the process under test, never in the product. Each must turn the campaign red. */
export const BUGS = [
  'answers before it stores',
  'answers before the sync',
  'forgets what the journal holds',
  'answers 200 while the store is down',
  'stores without unique',
  'forgets changes of what it resolved',
  'records twice',
] as const;
export type Bug = (typeof BUGS)[number];

/** What the campaign asks of a process, and what it says by itself. */
export type Question =
  | { readonly id: number; readonly rpc: `billing_audit_${string}`; readonly p: object }
  | { readonly id: number; readonly inbox: true };
export type Saying =
  | { readonly port: number }
  | { readonly watching: readonly string[] }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: string };
