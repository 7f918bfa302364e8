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
  /** API requests that are refused; `path` narrows it to paths that begin so (after `/2.0`). */
  failNext: { status: number; errorCode: number; count: number; path?: string | undefined } | null;
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
