import type { ConformanceFacts } from '../cases';

/** One node to be run by n8n's engine. */
export interface EngineRun {
  /** `riskScore`. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What arrives: the `json` of each item. */
  readonly items: readonly unknown[];
  readonly onError?: 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput';
}

/** What a test asks of the program. */
export interface Asked extends EngineRun {
  /** Fields of the store credential beside its address and key. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the store knows before. */
  readonly facts: ConformanceFacts;
  readonly now: string;
  /** In place of the store's own key. */
  readonly apiKey?: string;
}

export interface GivenItem {
  readonly json: unknown;
  /** The index of the item that it was made from. */
  readonly item: number | null;
}

export interface EngineOutcome {
  readonly status: string;
  /** By output, in n8n's order; the error output, where there is one, comes last. */
  readonly outputs: readonly (readonly GivenItem[])[];
  /** What ended the run. */
  readonly thrown?: {
    readonly name: string;
    readonly message: string;
    readonly description: string;
    readonly itemIndex: number | null;
  };
}

export type Request = { readonly id: number } & ({ readonly asked: Asked } | { readonly end: true });

export type Reply =
  | { readonly ready: readonly string[] }
  | { readonly id: number; readonly outcome: EngineOutcome }
  | { readonly id: number; readonly failed: string };
