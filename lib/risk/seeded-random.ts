/** A number in [0, 1). As the port of that name: the library's types shall not bring those of all ports along. */
export type Random = () => number;

/**
 * A generator of uniform numbers in [0, 1) that gives the same sequence for the same seed on every machine.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand), 128 bits of state, warmed up; the state is spread from the seed with
 * splitmix32. Never used for secrets.
 * @param seed  any whole number
 */
export function seededRandom(seed: number): Random {
  let spread = seed | 0;
  const next = (): number => {
    spread = (spread + 0x9e3779b9) | 0;
    let mixed = spread ^ (spread >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, counter] = [next(), next(), next(), 1];
  const random = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) random();
  return random;
}

/** `size` different whole numbers below `count`, in the order in which they were drawn (Floyd 1987). */
export function drawDifferent(count: number, size: number, random: Random): number[] {
  const chosen = new Set<number>();
  for (let top = count - size; top < count; top += 1) {
    const candidate = Math.floor(random() * (top + 1));
    chosen.add(chosen.has(candidate) ? top : candidate);
  }
  return [...chosen];
}
