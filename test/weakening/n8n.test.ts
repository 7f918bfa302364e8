import { pollChanges } from '../../hosts/n8n/runtime/poll-changes';
import { recordWorkflowBehind } from '../../hosts/n8n/runtime/record-workflow';
import { openStore } from '../../hosts/n8n/runtime/store';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { secretBox, storeOver } from '../../lib/store';
import { contextOf, type WorkflowNode } from '../n8n/support/around';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';

let folder: string;
let driver: EmbeddedStoreDriver;
beforeAll(async () => {
  folder = newFolder();
  driver = await openTestStore(folder, buildStoreWorker());
}, 300_000);
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

const OURS = 'n8n-nodes-billing-audit';
const sheetsOf = (...ids: string[]) => ({ sheet: ids.map((value) => ({ id: { mode: 'id', value } })) });
const trigger: WorkflowNode = {
  name: 'Changes',
  type: `${OURS}.smartsheetChangesTrigger`,
  parameters: { sheets: sheetsOf('11', '12'), reading: 'server' },
  to: ['Rules'],
};
const rules: WorkflowNode = {
  name: 'Rules',
  type: `${OURS}.billingRules`,
  parameters: { operation: 'judge' },
  to: ['Trail'],
};
const trail: WorkflowNode = {
  name: 'Trail',
  type: `${OURS}.auditTrail`,
  parameters: { operation: 'append' },
  to: ['Tell'],
};
const tell: WorkflowNode = {
  name: 'Tell',
  type: `${OURS}.alert`,
  parameters: { recipients: 'manager@example.com,auditor@example.com', alertFrom: 0.7, options: { groupMinutes: 10 } },
};
const whole = [trigger, rules, trail, tell];
const filter: WorkflowNode = {
  name: 'Only big ones',
  type: 'n8n-nodes-base.filter',
  parameters: { over: 1000 },
  to: ['Tell'],
};

let workflowId = 0;
/** Polls once for each of the versions of a workflow; what the last of them was found to change. */
async function published(versions: readonly (readonly WorkflowNode[])[], mode = 'trigger') {
  workflowId += 1;
  const id = `w${workflowId}`;
  const logged: string[] = [];
  for (const workflow of versions) {
    const { parameters = {} } = workflow[0]!;
    await pollChanges(contextOf({ driver, workflow, parameters, workflowId: id, mode, logged })).catch(
      (thrown: unknown) => {
        // Whoever tries it out is told that nothing waits.
        if (mode !== 'manual') throw thrown;
      },
    );
  }
  expect(logged.filter((line) => line.includes('could not be compared'))).toEqual([]);
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const { events } = await store.search({ kind: 'configuration', limit: 200 });
  return events
    .filter((event) => event.event_key.startsWith(`configuration:n8n:${id}:`) && event.event_key.includes(':2:'))
    .map(({ column_name, violation_type, old_value, new_value }) => [
      violation_type,
      column_name,
      old_value,
      new_value,
    ]);
}
const altered = (node: WorkflowNode, given: Partial<WorkflowNode>): readonly WorkflowNode[] =>
  whole.map((each) => (each === node ? { ...each, ...given } : each));
const withParameters = (node: WorkflowNode, given: Readonly<Record<string, unknown>>): readonly WorkflowNode[] =>
  altered(node, { parameters: { ...node.parameters, ...given } });

describe('a workflow of n8n that is published anew', () => {
  it.each([
    [
      'a sheet that is removed',
      withParameters(trigger, { sheets: sheetsOf('11') }),
      'Smartsheet Changes Trigger "Changes": Sheets',
      '11, 12',
      '11',
    ],
    [
      'a threshold that is raised',
      withParameters(tell, { alertFrom: 0.95 }),
      'Alert "Tell": Tell from a risk of',
      '0.7',
      '0.95',
    ],
    [
      'a recipient that is removed',
      withParameters(tell, { recipients: 'manager@example.com' }),
      'Alert "Tell": Who is told',
      'manager@example.com,auditor@example.com',
      'manager@example.com',
    ],
    [
      'a threshold that is worked out',
      withParameters(tell, { alertFrom: '={{ $json.limit }}' }),
      'Alert "Tell": Tell from a risk of',
      '0.7',
      '={{ $json.limit }}',
    ],
    ['a node that is disabled', altered(rules, { disabled: true }), 'Billing Rules "Rules"', 'deployed', 'disabled'],
    ['a node that is removed', [trigger, { ...rules, to: [] }], 'Alert "Tell"', 'deployed', null],
    [
      'a node of others put between',
      [trigger, rules, { ...trail, to: ['Only big ones'] }, filter, tell],
      'Audit Trail "Trail": Between',
      'nothing',
      'Only big ones',
    ],
    [
      'a node set to something else',
      withParameters(trail, { operation: 'search' }),
      'Audit Trail "Trail": What to do',
      'append',
      'search',
    ],
  ])('records %s as what weakens detection, with before and after', async (_what, after, subject, was, is) => {
    expect(await published([whole, after])).toContainEqual(['CONFIGURATION_WEAKENED', subject, was, is]);
  });

  it.each([
    ['nothing that differs', whole],
    ['a node that was renamed', [trigger, rules, { ...trail, to: ['Tell them'] }, { ...tell, name: 'Tell them' }]],
  ])('records nothing of %s', async (_what, after) => {
    expect(await published([whole, after])).toEqual([]);
  });

  it('records what does not weaken as a change, and a lower threshold as none that weakens', async () => {
    expect(await published([whole, withParameters(tell, { alertFrom: 0.3 })])).toEqual([
      ['NONE', 'Alert "Tell": Tell from a risk of', '0.7', '0.3'],
    ]);
  });

  it('records nothing while somebody tries it out', async () => {
    expect(await published([whole, withParameters(tell, { alertFrom: 0.95 })], 'manual')).toEqual([]);
  });
});

describe('where n8n goes on polling with the version before', () => {
  const raised = withParameters(tell, { alertFrom: 0.95 });
  /** The node that runs comes first. */
  const running = (name: string, workflow: readonly WorkflowNode[], mode: string) =>
    contextOf({
      driver,
      workflow: workflow.toSorted((one, other) => Number(other.name === name) - Number(one.name === name)),
      workflowId: `stale ${name} ${mode}`,
      mode,
    });
  const found = async (name: string, mode = 'trigger') => {
    const poll = async (): Promise<void> => {
      const { parameters = {} } = trigger;
      await pollChanges(contextOf({ driver, workflow: whole, parameters, workflowId: `stale ${name} ${mode}` }));
    };
    await poll();
    const context = running(name, raised, mode);
    await recordWorkflowBehind(context, await openStore(context));
    await poll();
    const { events } = await storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }).search({
      kind: 'configuration',
      limit: 200,
    });
    return events
      .filter(({ event_key }) => event_key.startsWith(`configuration:n8n:stale ${name} ${mode}:`))
      .map(({ event_key, violation_type, new_value }) => [event_key.split(':').at(-2), violation_type, new_value])
      .filter(([edition]) => edition !== '1');
  };

  it('the first of our nodes that runs records the new one, once, and the polls do not take it back', async () => {
    expect(await found('Rules')).toEqual([['2', 'CONFIGURATION_WEAKENED', '0.95']]);
  });

  it.each([
    ['a node further on', 'Trail', 'trigger'],
    ['a node that is tried out', 'Rules', 'manual'],
  ])('%s records nothing', async (_what, name, mode) => {
    expect(await found(name, mode)).toEqual([]);
  });

  /** Runs one node after the other, each in a run of its own, in the version that it is given with. */
  const ran = async (workflowId: string, runs: readonly (readonly [string, readonly WorkflowNode[]])[]) => {
    for (const [index, [name, version]] of runs.entries()) {
      const workflow = version.toSorted((one, other) => Number(other.name === name) - Number(one.name === name));
      const context = contextOf({ driver, workflow, workflowId, executionId: String(index) });
      await recordWorkflowBehind(context, await openStore(context));
    }
    const { events } = await storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }).search({
      kind: 'configuration',
      limit: 200,
    });
    return events
      .filter(({ event_key }) => event_key.startsWith(`configuration:n8n:${workflowId}:`))
      .map(({ event_key, violation_type, new_value }) => [event_key.split(':').slice(3, -1), violation_type, new_value])
      .filter(([place]) => place?.at(-1) !== '1')
      .toSorted((one, other) => String(one[0]).localeCompare(String(other[0])));
  };

  it('a weakening that is taken back and done again is recorded each time, whichever node tells', async () => {
    const off = altered(rules, { disabled: true });
    const seen = await ran('again', [
      ['Rules', whole],
      ['Trail', off],
      ['Rules', whole],
      ['Trail', off],
    ]);
    expect(seen.filter(([, , is]) => is === 'disabled' || is === 'deployed')).toEqual([
      [['Changes', '2'], 'CONFIGURATION_WEAKENED', 'disabled'],
      [['Changes', '3'], 'NONE', 'deployed'],
      [['Changes', '4'], 'CONFIGURATION_WEAKENED', 'disabled'],
    ]);
  });

  it('a run that goes on in the version before does not take the new one back', async () => {
    const context = (name: string, version: readonly WorkflowNode[], executionId: string) =>
      contextOf({
        driver,
        workflow: version.toSorted((one, other) => Number(other.name === name) - Number(one.name === name)),
        workflowId: 'going on',
        executionId,
      });
    for (const each of [context('Rules', whole, '1'), context('Rules', raised, '2'), context('Rules', whole, '1')]) {
      await recordWorkflowBehind(each, await openStore(each));
    }
    expect(await driver.rpc('billing_audit_configuration_in_force', { scope: 'n8n:going on:Changes' })).toMatchObject({
      edition: 2,
    });
  });

  it.each([
    ['both before one node', 'Rules', 'Rules', ['Changes', 'More changes']],
    ['each before a node of its own', 'Rules', 'Trail', ['Changes']],
    ['each before a node of its own, seen from the later', 'Trail', 'Trail', ['More changes']],
  ])('two triggers, %s: what runs records for those it is the first behind', async (what, name, to, scopes) => {
    const second = { ...trigger, name: 'More changes', to: [to] };
    const seen = await ran(`two, ${what}`, [
      [name, [...whole, second]],
      [name, [...raised, second]],
    ]);
    expect(seen).toEqual(scopes.map((scope) => [[scope, '2'], 'CONFIGURATION_WEAKENED', '0.95']));
  });
});

it('goes on finding changes where the store cannot record it, says so, and records it later', async () => {
  const logged: string[] = [];
  const refusing = {
    ...driver,
    rpc: (name: string, p: unknown) =>
      name === 'billing_audit_configuration_in_force'
        ? Promise.reject(new Error('away'))
        : driver.rpc(name as never, p),
  } as unknown as EmbeddedStoreDriver;
  const around = { workflow: whole, parameters: trigger.parameters ?? {}, workflowId: 'refused' };
  expect(await pollChanges(contextOf({ ...around, driver: refusing, logged }))).toBeNull();
  expect(logged).toContainEqual(expect.stringContaining('could not be compared'));
  await pollChanges(contextOf({ ...around, driver }));
  expect(await driver.rpc('billing_audit_configuration_in_force', { scope: 'n8n:refused:Changes' })).toMatchObject({
    edition: 1,
  });
});
