import type { NewModel } from '../../lib/store';

/**
 * A champion that has passed its gates.
 * @param name  tells it apart, also in its hash
 * @param ap    its average precision
 */
export const model = (name: number, ap: number): NewModel => ({
  ...{ description: `{"model":${name}}`, body: `{"name":${name}}`, seed: 7, status: 'champion', by: 'a training' },
  data: {
    sha256: String(name).repeat(64),
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-02-01T00:00:00.000Z',
    events: 900 + name,
    labelled: 30,
    incidents: 12,
  },
  metrics: { ap, auc: 0.97 },
  gates: [{ name: 'enough', passed: true, because: '12 incidents are enough.' }],
});
