import type { RiskEvent } from '../features/risk-event';

/** log(1 + |x|) with the sign of x: money spans five orders of magnitude, and falls as well as rises. */
export function signedLog(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

const ROUND_STEPS = { price: [500, 100, 50], quantity: [50, 10, 5], other: [] } as const;

/** 3 for a new multiple of 500 (quantities 50), 2 of 100 (10), 1 of 50 (5), 0 for none or when it was one before. */
export function roundness({ columnKind, oldNumber, newNumber }: RiskEvent): number {
  if (newNumber === null || newNumber === 0) return 0;
  const steps = ROUND_STEPS[columnKind];
  const index = steps.findIndex((step) => newNumber % step === 0);
  if (index < 0) return 0;
  const wasRound = oldNumber !== null && oldNumber !== 0 && oldNumber % (steps[index] as number) === 0;
  return wasRound ? 0 : steps.length - index;
}
