/** A function to be made small: its value, and where it rises. */
export type Objective = (point: Float64Array) => { readonly value: number; readonly gradient: Float64Array };

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** False when the steps ran out before the gradient was flat. */
  readonly converged: boolean;
}

export interface MinimiseOptions {
  /** It has converged when the gradient's largest part is below this share of the larger of 1 and the value. */
  readonly tolerance?: number;
  readonly mostIterations?: number;
}

const MEMORY = 10;
const SUFFICIENT_DECREASE = 1e-4;
const SMALLEST_STEP = 1e-10;

/** L-BFGS (Liu and Nocedal 1989) with backtracking; for smooth convex functions such as penalised log-likelihoods. */
export function minimise(objective: Objective, start: Float64Array, options: MinimiseOptions = {}): Minimum {
  const { tolerance = 1e-7, mostIterations = 500 } = options;
  const steps: Float64Array[] = [];
  const bends: Float64Array[] = [];
  let point = start;
  let { value, gradient } = objective(point);
  for (let iteration = 0; iteration < mostIterations; iteration += 1) {
    if (largest(gradient) <= tolerance * Math.max(1, Math.abs(value))) {
      return { point, value, iterations: iteration, converged: true };
    }
    const direction = descent(gradient, steps, bends);
    const slope = product(direction, gradient);
    let length = steps.length === 0 ? 1 / Math.max(1, norm(gradient)) : 1;
    let next = along(point, direction, length);
    let reached = objective(next);
    while (!(reached.value <= value + SUFFICIENT_DECREASE * length * slope) && length > SMALLEST_STEP) {
      length /= 2;
      next = along(point, direction, length);
      reached = objective(next);
    }
    // At the limit of what doubles can tell apart nothing gets smaller any more.
    if (!(reached.value < value)) return { point, value, iterations: iteration, converged: true };
    remember(steps, bends, difference(next, point), difference(reached.gradient, gradient));
    point = next;
    ({ value, gradient } = reached);
  }
  return { point, value, iterations: mostIterations, converged: false };
}

/** The two-loop recursion: minus the approximate inverse of the curvature times the gradient. */
function descent(gradient: Float64Array, steps: readonly Float64Array[], bends: readonly Float64Array[]): Float64Array {
  const direction = gradient.map((part) => -part);
  const shares: number[] = [];
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const [step, bend] = [steps[index] as Float64Array, bends[index] as Float64Array];
    const share = product(step, direction) / product(step, bend);
    shares[index] = share;
    add(direction, bend, -share);
  }
  const [lastStep, lastBend] = [steps.at(-1), bends.at(-1)];
  if (lastStep && lastBend) {
    const scale = product(lastStep, lastBend) / product(lastBend, lastBend);
    for (let index = 0; index < direction.length; index += 1) direction[index] = (direction[index] as number) * scale;
  }
  for (const [index, step] of steps.entries()) {
    const bend = bends[index] as Float64Array;
    add(direction, step, (shares[index] as number) - product(bend, direction) / product(step, bend));
  }
  return direction;
}

function remember(steps: Float64Array[], bends: Float64Array[], step: Float64Array, bend: Float64Array): void {
  // A pair without curvature would make the approximation indefinite.
  if (product(step, bend) <= 1e-12 * norm(step) * norm(bend)) return;
  steps.push(step);
  bends.push(bend);
  if (steps.length > MEMORY) {
    steps.shift();
    bends.shift();
  }
}

function product(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(product(vector, vector));
}

function largest(vector: Float64Array): number {
  return vector.reduce((most, part) => Math.max(most, Math.abs(part)), 0);
}

function add(target: Float64Array, vector: Float64Array, times: number): void {
  for (let index = 0; index < target.length; index += 1) {
    target[index] = (target[index] as number) + times * (vector[index] as number);
  }
}

function along(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  return point.map((part, index) => part + length * (direction[index] as number));
}

function difference(left: Float64Array, right: Float64Array): Float64Array {
  return left.map((part, index) => part - (right[index] as number));
}
