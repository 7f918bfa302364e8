import { receive } from '../../lib/define';
import { BillingAuditError } from '../../lib/errors';
import { completeFields } from '../../lib/settings';
import { actionNames, type ConformanceCase, conformanceCases } from './cases';
import { casePorts } from './case-ports';
import { type CaseOutcome, definitionOf, expectCase } from './expect-case';

/** Runs one case as a host would: the fields completed, the input checked, the run awaited. */
async function outcomeOf({
  node,
  settings: shared,
  params: entered,
  facts,
  now,
  input,
}: ConformanceCase): Promise<CaseOutcome> {
  const definition = definitionOf(node);
  try {
    const { params, settings } = completeFields({ fields: definition.fields, entered, shared, environment: {} });
    const ports = casePorts({ settings, facts, now });
    const emitted = await definition.run(receive(definition.input, input), params, ports);
    const outputs = Object.entries(emitted).map(([name, given]) => [name, given === undefined ? [] : [given].flat()]);
    return { outputs: Object.fromEntries(outputs) as CaseOutcome['outputs'] };
  } catch (thrown) {
    if (!(thrown instanceof BillingAuditError)) throw thrown;
    const { code, message, hint } = thrown;
    return { outputs: {}, error: { code, message, hint } };
  }
}

const cases = conformanceCases();

describe('the conformance cases, through the pure functions', () => {
  it('has cases for every node', () => {
    expect([...new Set(cases.map(({ node }) => node))].sort()).toEqual([...actionNames].sort());
    expect(cases.length).toBeGreaterThan(90);
    expect(new Set(cases.map(({ node, name }) => `${node} ${name}`)).size).toBe(cases.length);
  });

  it.each(cases.map((each) => [each.node, each.name, each] as const))('%s: %s', async (_node, _name, expected) => {
    expectCase(expected, await outcomeOf(expected));
  });
});
