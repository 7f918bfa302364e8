import { GuessGuard, waitAfter } from '../../../server/sign-in/guess-guard';

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
    guard.succeeded('ann', '192.0.2.1');
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

  it('does not grow without end when names are made up', () => {
    const guard = new GuessGuard();
    for (let count = 0; count < 25_000; count += 1) guard.attempt(`name-${count}`, '192.0.2.1', START);
    expect((guard as unknown as { tries: Map<string, unknown> }).tries.size).toBeLessThanOrEqual(20_000);
  });
});
