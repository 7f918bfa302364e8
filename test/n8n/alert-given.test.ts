import { executeNode } from '../../hosts/n8n/runtime/execute-node';
import { alertNode } from '../../nodes/alert';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { event } from '../alert/samples';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf, type Around } from './support/around';

const folder = newFolder();
let driver: EmbeddedStoreDriver;

beforeAll(async () => (driver = await openTestStore(folder, buildStoreWorker())));
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});
beforeEach(() =>
  driver.transaction([{ sql: 'truncate billing_audit.given_alerts, billing_audit.alert_rules cascade' }]),
);

const first = event({ event_key: '1:2:3:1' });
const second = event({ event_key: '1:2:3:2' });
const PARAMETERS = { recipients: 'boss@example.com', severityFrom: 'HIGH', alertFrom: 0.7, delivery: 'item' };

/** The keys of the events whose alerts leave the node. */
async function given(items: readonly object[], around: Partial<Around> = {}): Promise<readonly unknown[]> {
  const context = contextOf({ driver, parameters: PARAMETERS, items, ...around });
  const [alerts = []] = await executeNode(context, alertNode, { options: ['mailsPerHour', 'groupMinutes'] });
  return alerts.map(({ json }) => json['event_key']);
}

describe('an alert that the next node sends', () => {
  it('is given once, though two runs carry the same change, as after a lease that ran out', async () => {
    const runs = await Promise.all([given([first, second]), given([first, second], { executionId: '2' })]);
    expect(runs.flat().toSorted()).toEqual([first.event_key, second.event_key]);
    expect(await given([first], { executionId: '3' })).toEqual([]);
  });

  it('is given again to the run that had it, when n8n repeats the node', async () => {
    expect(await given([first])).toEqual([first.event_key]);
    expect(await given([first])).toEqual([first.event_key]);
  });

  it.each(['manual', 'retry'])('is given to whoever asks for it (%s), and takes it from nobody', async (mode) => {
    expect(await given([first], { mode })).toEqual([first.event_key]);
    expect(await given([first], { executionId: '2' })).toEqual([first.event_key]);
    expect(await given([first], { mode, executionId: '3' })).toEqual([first.event_key]);
  });

  it('is another one in another workflow, though its nodes were imported with the same ids', async () => {
    expect(await given([first])).toEqual([first.event_key]);
    expect(await given([first], { workflowId: 'w2' })).toEqual([first.event_key]);
  });
});

it('keeps the rules of two workflows apart that were imported from one file', async () => {
  const parameters = { ...PARAMETERS, delivery: 'outbox' };
  await expect(given([first], { parameters })).rejects.toThrow('is not in the audit trail');
  const others = { ...parameters, recipients: 'other@example.com' };
  await expect(given([first], { parameters: others, workflowId: 'w2' })).rejects.toThrow('is not in the audit trail');
  const rules = await driver.transaction([
    { sql: 'select recipients from billing_audit.alert_rules order by rule_id' },
  ]);
  expect(rules).toEqual([{ recipients: ['boss@example.com'] }, { recipients: ['other@example.com'] }]);
});
