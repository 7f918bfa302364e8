import { billingRules, exampleChange, rulesText } from '../../nodes/billing-rules';
import { auditEvent, type Change } from '../../lib/event';
import { sha256Hex } from '../../lib/hash';
import { completeSettings, defaultSettings } from '../../lib/settings';
import { type FakeFacts, fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const params = defaultsOf(billingRules.fields);
const tracking = (trackedColumns: string) => completeSettings({ shared: { trackedColumns } });

function sheetOf(sheetId: string, ...titles: string[]): NonNullable<FakeFacts['sheets']>[number] {
  const columns = Object.fromEntries(titles.map((title, index) => [String(index + 1), title]));
  return {
    sheet_id: sheetId,
    name: `Sheet ${sheetId}`,
    columns,
    version: 1,
    row_count: 0,
    compared_at: null,
    rows: [],
  };
}

const changeIn = (sheet_id: string): Change => ({ ...exampleChange, sheet_id, values: {} });

describe('a tracked column that no sheet has', () => {
  it('is warned of once for each sheet, with the title that was meant, and shown under the node', async () => {
    const warned: string[] = [];
    const sheets = [sheetOf('1', 'Quantity', 'Unit Cost'), sheetOf('2', 'Quantity')];
    const ports = fakePorts({ facts: { sheets }, settings: tracking('Quantity, Unit Csot'), warned });
    const first = await billingRules.run(changeIn('1'), params, ports);
    const second = await billingRules.run(changeIn('1'), params, ports);
    await billingRules.run(changeIn('2'), params, ports);
    expect(warned).toEqual([
      'No column "Unit Csot": did you mean "Unit Cost"? (tracked columns, sheet "Billing, North")',
      'No column "Unit Csot" (tracked columns, sheet "Billing, North")',
    ]);
    for (const emitted of [first, second]) {
      expect(billingRules.status?.(emitted)).toEqual({
        state: 'warning',
        text: 'No column "Unit Csot": did you mean "Unit Cost"?',
      });
    }
  });

  it('is not warned of while another sheet has it', async () => {
    const warned: string[] = [];
    const sheets = [sheetOf('1', 'Unit Cost'), sheetOf('2', 'Quantity')];
    const ports = fakePorts({ facts: { sheets }, settings: tracking('Unit Cost'), warned });
    await billingRules.run(changeIn('1'), params, ports);
    await billingRules.run(changeIn('2'), params, ports);
    expect(warned).toEqual([]);
  });

  it('is warned of among the default ones only where a title looks like it', async () => {
    const warned: string[] = [];
    const sheets = [sheetOf('1', 'Work Request #', 'Quantitty', 'Units Total Price', 'Weekly Referenced Logged Date')];
    const ports = fakePorts({ facts: { sheets }, warned });
    await billingRules.run(changeIn('1'), params, ports);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('"Quantitty"');
  });

  it('is looked for again when a column was renamed', async () => {
    const warned: string[] = [];
    const sheets = [sheetOf('1', 'Unit Cost')];
    const ports = fakePorts({ facts: { sheets }, settings: tracking('Unit Cost'), warned });
    await billingRules.run(changeIn('1'), params, ports);
    sheets[0] = sheetOf('1', 'Cost of Unit');
    await billingRules.run(
      { ...changeIn('1'), kind: 'column_renamed', old_value: 'Unit Cost', new_value: 'Cost of Unit' },
      params,
      ports,
    );
    expect(warned).toHaveLength(1);
  });
});

describe('a column that was deleted', () => {
  const deleted = (title: string): Change => ({
    ...changeIn('1'),
    kind: 'column_renamed',
    event_key: '1:column:12:removed:1',
    row_id: null,
    column_id: '12',
    column_name: title,
    old_value: title,
    new_value: null,
  });

  it('weakens the rules when they need it, says so, and is missed from then on', async () => {
    const warned: string[] = [];
    const sheets = [sheetOf('1', 'Unit Cost', 'Foreman')];
    const ports = fakePorts({ facts: { sheets }, settings: tracking('Unit Cost'), warned });
    await billingRules.run(changeIn('1'), params, ports);
    sheets[0] = sheetOf('1', 'Foreman');
    const emitted = await billingRules.run(deleted('Unit Cost'), params, ports);
    const event = auditEvent.schema.parse([emitted.judged].flat()[0]);
    expect(event).toMatchObject({
      violation_type: 'CONFIGURATION_WEAKENED',
      severity: 'HIGH',
      column_name: 'Unit Cost',
      old_value: 'Unit Cost',
      new_value: null,
    });
    expect(event.issue_description).toContain('The column "Unit Cost" of the sheet "Billing, North" was removed');
    expect(event.suggested_fix).not.toContain('title again');
    expect(warned).toEqual([expect.stringContaining('No column "Unit Cost"')]);
  });

  it('is told without alarm when the rules do not need it', async () => {
    const { judged } = await billingRules.run(deleted('Remarks'), params, fakePorts());
    expect([judged].flat()[0]).toMatchObject({ violation_type: 'NONE', severity: 'LOW' });
  });
});

describe('a tracked column that was missing', () => {
  it('is found as soon as a change shows it', async () => {
    const warned: string[] = [];
    const ports = fakePorts({ facts: { sheets: [sheetOf('1', 'Quantity')] }, settings: tracking('Unit Cost'), warned });
    await billingRules.run(changeIn('1'), params, ports);
    expect(warned).toHaveLength(1);
    const emitted = await billingRules.run({ ...changeIn('1'), values: { 'Unit Cost': '5' } }, params, ports);
    expect(billingRules.status?.(emitted).state).toBe('ok');
  });
});

describe('the hash of the rules', () => {
  const hashWith = async (node: object): Promise<unknown> => {
    const { judged } = await billingRules.run(exampleChange, { ...params, ...node }, fakePorts());
    return [judged].flat()[0]?.rules_hash;
  };

  it('is that of the text of the rules in force', async () => {
    const text = rulesText({ settings: defaultSettings, dateYearsBack: 10, dateYearsAhead: 2 });
    expect(JSON.parse(text)).toMatchObject({
      closesAfterHours: 0,
      severityHighAbove: 1000,
      timeZone: 'America/Chicago',
    });
    expect(await hashWith({})).toBe(sha256Hex(text));
  });

  it('stays the same for the same rules, in whatever order they were given', async () => {
    expect(await hashWith({ trackedColumns: ['B', 'A'] })).toBe(await hashWith({ trackedColumns: ['A', 'B'] }));
  });

  it.each([{ closesAfterHours: 1 }, { severityHighAbove: 5000 }, { trackedColumns: ['A'] }, { dateYearsBack: 9 }])(
    'changes with %j',
    async (node) => {
      expect(await hashWith(node)).not.toBe(await hashWith({}));
    },
  );
});

describe('the store', () => {
  it('is asked for approvals only when one could matter', async () => {
    const asked: unknown[] = [];
    const ports = fakePorts({ asked });
    await billingRules.run({ ...exampleChange, changed_at: '2026-01-15T16:00:00.000Z' }, params, ports);
    await billingRules.run({ ...exampleChange, column_name: 'Foreman' }, params, ports);
    expect(asked).toEqual([]);
    await billingRules.run(exampleChange, params, ports);
    expect(asked).toEqual([{ sheetId: exampleChange.sheet_id, at: exampleChange.changed_at }]);
  });
});
