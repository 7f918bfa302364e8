/** What a number of API requests get instead of their answer. */
export interface Trouble {
  /** Default: what belongs to the error code, else 500. */
  readonly status?: number | undefined;
  /** Default 4000. */
  readonly errorCode?: number | undefined;
  /** `html`: a proxy's page. `none`: nothing. Default `json`: Smartsheet's own form. */
  readonly body?: 'json' | 'html' | 'none' | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** The answer comes only after this time on the machine's clock; a client's own time-out is shorter or longer. */
  readonly holdSeconds?: number | undefined;
  /** `reset`: the connection breaks instead of an answer. `hold`: no answer ever comes. */
  readonly cut?: 'reset' | 'hold' | undefined;
  /** The request is carried out all the same: only its answer is lost. */
  readonly afterDoing?: boolean | undefined;
  /** How many requests are still to be met. */
  count: number;
  /** Only paths that begin so (after `/2.0`). */
  readonly path?: string | undefined;
  readonly method?: string | undefined;
}

/** Troubles that can be asked for. Counts go down as they are used. */
export interface Faults {
  /** Callbacks that are made, counted as delivered and never sent. */
  dropNext: number;
  /** Callbacks that are sent twice, byte for byte. */
  doubleNext: number;
  /** Callbacks that are held back until the one after them was sent. */
  reorderNext: number;
  /** Callbacks that are sent with a signature made with another secret. */
  breakSignatureNext: number;
  /** Added before each callback, on the sandbox's clock. */
  delaySeconds: number;
  /** Leading zeros of the signature are left out. */
  stripZeros: boolean;
  /** Cell history shows only the present value. */
  forgetHistory: boolean;
  /** API requests that get trouble. */
  failNext: Trouble | null;
}

export function noFaults(): Faults {
  return {
    dropNext: 0,
    doubleNext: 0,
    reorderNext: 0,
    breakSignatureNext: 0,
    delaySeconds: 0,
    stripZeros: false,
    forgetHistory: false,
    failNext: null,
  };
}

export type CountedFault = 'dropNext' | 'doubleNext' | 'reorderNext' | 'breakSignatureNext';

/** Uses up one of a counted fault. @returns whether there was one */
export function take(faults: Faults, fault: CountedFault): boolean {
  if (faults[fault] <= 0) return false;
  faults[fault] -= 1;
  return true;
}
