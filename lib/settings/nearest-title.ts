/**
 * The title that somebody most likely meant.
 * @returns the nearest of the titles when a quarter of its letters or less (two at least) differ; else null
 */
export function nearestTitle(wanted: string, titles: readonly string[]): string | null {
  let best: { title: string; distance: number } | null = null;
  for (const title of titles) {
    const distance = editDistance(wanted.toLowerCase(), title.toLowerCase());
    if (distance <= Math.max(2, wanted.length / 4) && (best === null || distance < best.distance)) {
      best = { title, distance };
    }
  }
  return best?.title ?? null;
}

/** How many letters must be put in, taken out or replaced to make one word of the other. */
export function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
