import { Adwin } from '../../lib/risk';
import { normals } from './clouds';

describe('ADWIN', () => {
  it('hardly ever cries on a stream that does not change', () => {
    let cries = 0;
    for (let seed = 0; seed < 50; seed += 1) {
      const adwin = new Adwin();
      const normal = normals(seed);
      for (let index = 0; index < 2000; index += 1) cries += adwin.take(normal()) ? 1 : 0;
    }
    expect(cries).toBeLessThanOrEqual(2);
  });

  it('notices a shift of one standard deviation within 300 numbers, and forgets what was before', () => {
    const adwin = new Adwin();
    const normal = normals(8);
    for (let index = 0; index < 1500; index += 1) adwin.take(normal());
    let noticed = -1;
    for (let index = 0; index < 300 && noticed < 0; index += 1) if (adwin.take(1 + normal())) noticed = index;
    expect(noticed).toBeGreaterThanOrEqual(0);
    for (let index = 0; index < 500; index += 1) adwin.take(1 + normal());
    expect(adwin.mean).toBeGreaterThan(0.8);
    expect(adwin.width).toBeLessThan(1000);
  });

  it('passes over what is not a number', () => {
    const adwin = new Adwin();
    expect(adwin.take(NaN)).toBe(false);
    expect(adwin.take(Infinity)).toBe(false);
    expect(adwin.width).toBe(0);
    expect(adwin.mean).toBe(0);
  });
});
