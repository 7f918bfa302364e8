/** Numbers of reference/trust.md §F: five failures are free, then 30 s, doubling up to an hour. */
const FREE_FAILURES = 5;
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 3_600_000;
/**
 * For one name from all addresses that it was never used from, together: more is free, since several people may mistype,
 * and the wait stays short, since it is everybody's who comes from a new place, the owner among them.
 */
const FREE_FROM_NEW_PLACES = 20;
const LONGEST_WAIT_FROM_NEW_PLACES = 300_000;
/** A day without a try and the failures are forgotten. */
const FORGET_AFTER = 86_400_000;
/** An address stays known this long after the last sign-in from it. */
const KNOWN_FOR = 30 * FORGET_AFTER;
const REMEMBER_AT_MOST = 20_000;

interface Tries {
  failures: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/**
 * Slows down whoever guesses a password. It counts by name and address together, so that someone who guesses from
 * elsewhere makes himself wait; and by name alone over all addresses that nobody has signed in from with it, so that
 * many addresses gain little. Where its owner has signed in before, the second count is not asked: a guesser cannot keep
 * anybody out of their own place, and elsewhere only for minutes.
 */
export class GuessGuard {
  private readonly tries = new Map<string, Tries>();
  private readonly triesFromNewPlaces = new Map<string, Tries>();
  private readonly known = new Map<string, number>();

  /**
   * Asks for a try. A try that may go on is counted as failed at once, so that many at the same time gain nothing;
   * {@link succeeded} takes that back.
   * @returns 0 when the try may go on, else the milliseconds still to wait
   */
  attempt(name: string, address: string, now: number): number {
    const key = keyOf(name, address);
    const isNewPlace = !this.knows(key, now);
    const waits = [leftOf(this.tries.get(key), now, waitAfter)];
    if (isNewPlace) waits.push(leftOf(this.triesFromNewPlaces.get(nameOf(name)), now, waitFromNewPlacesAfter));
    const longest = Math.max(...waits);
    if (longest > 0) return longest;
    count(this.tries, key, now);
    if (isNewPlace) count(this.triesFromNewPlaces, nameOf(name), now);
    return 0;
  }

  /** Its owner was there: the address is known from now on, and its own failures are forgotten. */
  succeeded(name: string, address: string, now: number): void {
    const key = keyOf(name, address);
    this.tries.delete(key);
    // The one try that was counted in advance; what others have tried meanwhile stays counted.
    const others = this.triesFromNewPlaces.get(nameOf(name));
    if (others && !this.knows(key, now)) others.failures -= 1;
    remember(this.known, key, now);
  }

  /** What is known from before, for example the open sessions of a server that has been started again. */
  learn(name: string, address: string, at: number): void {
    remember(this.known, keyOf(name, address), at);
  }

  private knows(key: string, now: number): boolean {
    const at = this.known.get(key);
    return at !== undefined && now - at < KNOWN_FOR;
  }
}

/** Milliseconds to wait after so many failures in a row. */
export function waitAfter(failures: number): number {
  return waitBeyond(failures - FREE_FAILURES, LONGEST_WAIT);
}

/** Milliseconds to wait after so many failures for one name from places that it was never used from. */
export function waitFromNewPlacesAfter(failures: number): number {
  return waitBeyond(failures - FREE_FROM_NEW_PLACES, LONGEST_WAIT_FROM_NEW_PLACES);
}

function waitBeyond(failures: number, longest: number): number {
  return failures < 0 ? 0 : Math.min(FIRST_WAIT * 2 ** failures, longest);
}

function leftOf(tries: Tries | undefined, now: number, waitAfterThese: (failures: number) => number): number {
  if (tries === undefined || now - tries.lastAt >= FORGET_AFTER) return 0;
  const wait = waitAfterThese(tries.failures);
  // A clock that was put back must not make anybody wait longer than was ever asked.
  return Math.max(0, Math.min(tries.lastAt + wait - now, wait > 0 ? LONGEST_WAIT : 0));
}

function count(all: Map<string, Tries>, key: string, now: number): void {
  const before = all.get(key);
  const isFresh = before !== undefined && now - before.lastAt < FORGET_AFTER;
  remember(all, key, { failures: (isFresh ? before.failures : 0) + 1, lastAt: now });
}

/** Set anew, so that the map stays in the order of last use and the oldest can be forgotten. */
function remember<Value>(all: Map<string, Value>, key: string, value: Value): void {
  all.delete(key);
  all.set(key, value);
  if (all.size <= REMEMBER_AT_MOST) return;
  const [oldest] = all.keys();
  if (oldest !== undefined) all.delete(oldest);
}

function nameOf(name: string): string {
  return name.slice(0, 64);
}

function keyOf(name: string, address: string): string {
  return JSON.stringify([nameOf(name), address]);
}
