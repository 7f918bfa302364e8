import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditTrail } from '../../nodes/audit-trail';
import { billingRules } from '../../nodes/billing-rules';
import { billingSettings } from '../../nodes/billing-settings';
import { riskScore } from '../../nodes/risk-score';
import { defaultSettings } from '../../lib/settings';
import { fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const actions = [billingRules, riskScore, auditTrail];

describe('every node of this part', () => {
  it.each([...actions, billingSettings])('$name has help of the Node-RED layout and an icon', ({ name }) => {
    const folder = join(__dirname, '../../nodes', name);
    expect(readFileSync(join(folder, 'help.md'), 'utf8')).toMatch(/### Details[^]*### References/u);
    expect(readFileSync(join(folder, 'icon.svg'), 'utf8')).toContain('viewBox="0 0 40 60"');
  });

  it.each([...actions, billingSettings])('$name shows six fields at most before More', ({ fields }) => {
    const shown = Object.values(fields).filter((field) => !('more' in field && field.more));
    expect(shown.length).toBeLessThanOrEqual(6);
  });

  it.each(actions)('$name links only to settings that exist', ({ fields }) => {
    const linked = Object.values(fields).flatMap((field) => ('setting' in field ? [field.setting] : []));
    expect(Object.keys(defaultSettings)).toEqual(expect.arrayContaining(linked));
    expect(Object.keys(billingSettings.fields).sort()).toEqual(Object.keys(defaultSettings).sort());
  });

  it('runs each example from one end of the flow to the other', async () => {
    const ports = fakePorts();
    const { judged } = await billingRules.run(billingRules.example, defaultsOf(billingRules.fields), ports);
    expect(judged).toMatchObject({ ...riskScore.example, rules_hash: expect.stringMatching(/^[0-9a-f]{64}$/u) });
    const { scored, highRisk } = await riskScore.run(riskScore.example, defaultsOf(riskScore.fields), ports);
    expect(scored).toMatchObject({ risk_score: 0.7 });
    expect(highRisk).toEqual(scored);
    const { recorded } = await auditTrail.run(auditTrail.example, defaultsOf(auditTrail.fields), ports);
    expect(recorded).toMatchObject({ seq: 1, timestamp: '2026-02-03T18:00:00.000Z' });
  });
});
