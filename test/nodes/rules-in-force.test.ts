import { billingRules, exampleChange } from '../../nodes/billing-rules';
import { sha256Hex } from '../../lib/hash';
import { LOGGED_DATE, UNITS_TOTAL_PRICE } from '../../lib/settings';
import { fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const params = defaultsOf(billingRules.fields);
const change = { ...exampleChange, sheet_id: '1', values: {} };
const columns = { '1': LOGGED_DATE, '2': UNITS_TOTAL_PRICE, '3': 'Quantity' };
const sheet = { sheet_id: '1', name: 'Sheet 1', columns, version: 1, row_count: 0, compared_at: null, rows: [] };

describe('the rules in force', () => {
  it('are kept before the first event bears their hash, once, and again when keeping them failed', async () => {
    const kept: string[] = [];
    const ports = fakePorts({ facts: { sheets: [sheet] } });
    let isAway = true;
    Object.assign(ports.store, {
      keepInForce: async ([given]: readonly { text: string }[]) => {
        if (isAway) throw new Error('away');
        kept.push(given?.text ?? '');
        return [];
      },
    });
    await expect(billingRules.run(change, params, ports)).rejects.toThrow('away');
    isAway = false;
    const { judged } = await billingRules.run(change, params, ports);
    await Promise.all([1, 2].map(() => billingRules.run(change, params, ports)));
    expect(kept).toHaveLength(1);
    expect([judged].flat()[0]?.rules_hash).toBe(sha256Hex(kept[0] ?? ''));
  });
});
