import { GuessGuard, waitAfter, waitFromNewPlacesAfter } from '../../../server/sign-in/guess-guard';

const START = Date.parse('2026-03-02T09:00:00Z');
const HOUR = 3_600_000;

function failed(guard: GuessGuard, times: number, now: number, name = 'ann', address = '192.0.2.1'): void {
  for (let count = 0; count < times; count += 1) expect(guard.attempt(name, address, now)).toBe(0);
}

describe('guess guard', () => {
  it('lets five tries through and then asks for 30 s, doubling up to an hour', () => {
    expect([4, 5, 6, 7, 11, 12, 50].map(waitAfter)).toEqual([0, 30e3, 60e3, 120e3, 1920e3, HOUR, HOUR]);
    const guard = new GuessGuard();
    failed(guard, 5, START);
    expect(guard.attempt('ann', '192.0.2.1', START)).toBe(30_000);
    expect(guard.attempt('ann', '192.0.2.1', START + 29_999)).toBe(1);
    expect(guard.attempt('ann', '192.0.2.1', START + 30_000)).toBe(0);
    expect(guard.attempt('ann', '192.0.2.1', START + 30_000)).toBe(60_000);
  });

  it('gives nothing to many tries at the same moment', () => {
    const guard = new GuessGuard();
    const allowed = Array.from({ length: 100 }, () => guard.attempt('ann', '192.0.2.1', START)).filter(
      (wait) => wait === 0,
    );
    expect(allowed).toHaveLength(5);
  });

  it('lets no stranger lock a person out', () => {
    const guard = new GuessGuard();
    failed(guard, 5, START);
    expect(guard.attempt('ann', '192.0.2.1', START)).toBeGreaterThan(0);
    expect(guard.attempt('ann', '192.0.2.2', START)).toBe(0);
    expect(guard.attempt('bob', '192.0.2.1', START)).toBe(0);
  });

  it('forgets after a success, and after a day', () => {
    const guard = new GuessGuard();
    failed(guard, 5, START);
    guard.succeeded('ann', '192.0.2.1', START);
    failed(guard, 5, START);
    expect(guard.attempt('ann', '192.0.2.1', START + 24 * HOUR)).toBe(0);
    failed(guard, 4, START + 24 * HOUR);
    expect(guard.attempt('ann', '192.0.2.1', START + 24 * HOUR)).toBe(30_000);
  });

  it('never asks for more than an hour, even if the clock was put back', () => {
    const guard = new GuessGuard();
    failed(guard, 5, START);
    expect(guard.attempt('ann', '192.0.2.1', START - 48 * HOUR)).toBe(HOUR);
  });

  it('slows one name down over all addresses together, twenty tries free, then longer and longer up to five minutes', () => {
    expect([19, 20, 21, 22, 23, 24, 90].map(waitFromNewPlacesAfter)).toEqual([
      0, 30e3, 60e3, 120e3, 240e3, 300e3, 300e3,
    ]);
    const guard = new GuessGuard();
    const botnet = (number: number, now: number): number => guard.attempt('ann', `198.51.100.${number}`, now);
    for (let number = 0; number < 20; number += 1) expect(botnet(number, START)).toBe(0);
    expect(botnet(200, START)).toBe(30_000);
    let now = START;
    let guesses = 0;
    for (; now < START + 24 * HOUR; now += 1_000) if (botnet(guesses % 250, now) === 0) guesses += 1;
    // One in five minutes, and the few before that.
    expect(guesses).toBeLessThan(24 * 12 + 10);
    expect(guard.attempt('bob', '198.51.100.1', now)).toBe(0);
  });

  it('never keeps the owner out where they have signed in before, and elsewhere for five minutes at most', () => {
    const guard = new GuessGuard();
    expect(guard.attempt('ann', '192.0.2.1', START)).toBe(0);
    guard.succeeded('ann', '192.0.2.1', START);
    let now = START + HOUR;
    for (let tries = 0; tries < 500; tries += 1) now += guard.attempt('ann', `198.51.100.${tries % 250}`, now);
    expect(guard.attempt('ann', '203.0.113.9', now)).toBeGreaterThan(0);
    expect(guard.attempt('ann', '203.0.113.9', now)).toBeLessThanOrEqual(300_000);
    expect(guard.attempt('ann', '192.0.2.1', now)).toBe(0);
    expect(guard.attempt('ann', '203.0.113.9', now + 300_000)).toBe(0);
    guard.succeeded('ann', '203.0.113.9', now + 300_000);
    expect(guard.attempt('ann', '203.0.113.9', now + 300_001)).toBe(0);
  });

  it('does not take a success for the pardon of what others have tried, nor a known place for ever', () => {
    const guard = new GuessGuard();
    for (let number = 0; number < 19; number += 1) guard.attempt('ann', `198.51.100.${number}`, START);
    expect(guard.attempt('ann', '192.0.2.1', START)).toBe(0);
    guard.succeeded('ann', '192.0.2.1', START);
    expect(guard.attempt('ann', '198.51.100.77', START)).toBe(0);
    expect(guard.attempt('ann', '198.51.100.78', START)).toBe(30_000);
    const later = START + 31 * 24 * HOUR;
    for (let number = 0; number < 20; number += 1) guard.attempt('ann', `198.51.100.${number}`, later);
    expect(guard.attempt('ann', '192.0.2.1', later)).toBe(30_000);
  });

  it('learns from the sessions of an earlier run where its people are', () => {
    const guard = new GuessGuard();
    guard.learn('ann', '192.0.2.1', START - HOUR);
    for (let number = 0; number < 20; number += 1) guard.attempt('ann', `198.51.100.${number}`, START);
    expect(guard.attempt('ann', '192.0.2.2', START)).toBe(30_000);
    expect(guard.attempt('ann', '192.0.2.1', START)).toBe(0);
  });

  it('does not grow without end when names are made up', () => {
    const guard = new GuessGuard();
    for (let count = 0; count < 25_000; count += 1) guard.attempt(`name-${count}`, '192.0.2.1', START);
    const { tries, triesFromNewPlaces } = guard as unknown as Record<string, Map<string, unknown>>;
    expect(tries?.size).toBeLessThanOrEqual(20_000);
    expect(triesFromNewPlaces?.size).toBeLessThanOrEqual(20_000);
  });
});
