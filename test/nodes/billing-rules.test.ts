import { billingRules, exampleChange, rulesText } from '../../nodes/billing-rules';
import { auditEvent, type Change } from '../../lib/event';
import { sha256Hex } from '../../lib/hash';
import { completeSettings, defaultSettings, LOGGED_DATE, UNITS_TOTAL_PRICE } from '../../lib/settings';
import type { NewApproval } from '../../lib/store/store';
import { type FakeFacts, fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const params = defaultsOf(billingRules.fields);
const tracking = (trackedColumns: string) => completeSettings({ shared: { trackedColumns } });

/** A sheet with the columns that no sheet can do without, and these. */
const sheetOf = (sheetId: string, ...titles: string[]) => bareSheet(sheetId, LOGGED_DATE, UNITS_TOTAL_PRICE, ...titles);

function bareSheet(sheetId: string, ...titles: string[]): NonNullable<FakeFacts['sheets']>[number] {
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

describe('a column that the rules cannot do without', () => {
  const whole = bareSheet('2', 'Weekly Reference Logged Date', 'Redlined Total Price');
  const lookAt = async (sheet: ReturnType<typeof bareSheet>, times = 2) => {
    const warned: string[] = [];
    const ports = fakePorts({ facts: { sheets: [whole, sheet] }, warned });
    await billingRules.run(changeIn('2'), params, ports);
    let status = null;
    for (let time = 0; time < times; time += 1) {
      status = billingRules.status?.(await billingRules.run(changeIn('1'), params, ports));
    }
    return { warned, status };
  };

  it('is warned of once on the sheet that lacks it, also where another sheet has it, with what was meant', async () => {
    const { warned, status } = await lookAt(bareSheet('1', 'Weekly Referenced Loged Date', 'Unit Total Prices'));
    expect(warned).toEqual([
      'No column "Weekly Referenced Logged Date": did you mean "Weekly Referenced Loged Date"? (needed by the rules, sheet "Billing, North")',
      'No column "Units Total Price" or "Redlined Total Price": did you mean "Unit Total Prices"? (needed by the rules, sheet "Billing, North")',
    ]);
    expect(status).toMatchObject({ state: 'warning', text: warned[0]?.replace(/ \(needed.*/u, '') });
  });

  it('is warned of without a guess where no title looks like it', async () => {
    const { warned } = await lookAt(bareSheet('1', LOGGED_DATE, 'Foreman'));
    expect(warned).toEqual([
      'No column "Units Total Price" or "Redlined Total Price" (needed by the rules, sheet "Billing, North")',
    ]);
  });

  it('is there under another spelling, and one price is enough', async () => {
    const { warned, status } = await lookAt(bareSheet('1', 'weekly reference  logged date', 'Units Total Price'));
    expect(warned).toEqual([]);
    expect(status?.state).toBe('ok');
  });

  it('is not missed on a sheet of which the store knows nothing yet', async () => {
    const { warned } = await lookAt(bareSheet('3', 'Foreman'));
    expect(warned).toEqual([]);
  });
});

describe('recording an approval', () => {
  const asked = { sheet_id: '1', from: '2026-02-01', to: '2026-02-03', reason: 'Wrong price' };
  const approving = { ...params, operation: 'approve' as const, approver: 'boss@example.com' };
  const record = async (input: object, node: object = {}) => {
    const approved: NewApproval[] = [];
    const warned: string[] = [];
    const ports = fakePorts({ approved, warned });
    const emitted = await billingRules.run({ ...asked, ...input }, { ...approving, ...node }, ports);
    return { approved, warned, emitted };
  };

  it('saves it from the first to the last moment of its days in business time, and shows by whom and until when', async () => {
    const { approved, warned, emitted } = await record({ work_requests: [' 90123 '], ticket: '' });
    expect(approved).toEqual([
      {
        sheet_id: '1',
        row_ids: [],
        work_requests: ['90123'],
        columns: [],
        people: [],
        from: '2026-02-01T06:00:00.000Z',
        to: '2026-02-04T05:59:59.999Z',
        reason: 'Wrong price',
        ticket: null,
        approver: 'boss@example.com',
        role: 'manager',
        column_aliases: defaultSettings.columnAliases,
      },
    ]);
    expect(emitted).toEqual({});
    expect(billingRules.status?.(emitted)).toEqual({
      state: 'ok',
      text: 'approved by boss@example.com until 2026-02-03 23:59',
    });
    expect(warned).toEqual([]);
  });

  it('never takes the approver from the message by itself', async () => {
    const { approved } = await record({ approver: 'clerk@example.com' });
    expect(approved[0]?.approver).toBe('boss@example.com');
    await expect(record({ approver: 'clerk@example.com' }, { approver: ' ' })).rejects.toMatchObject({
      code: 'bad_setting',
      hint: expect.stringContaining('$exists(_client) ? _client.user.name : payload.approver'),
    });
  });

  it('warns where the approver is named otherwise than people are in Smartsheet', async () => {
    expect((await record({}, { approver: 'boss' })).warned).toEqual([expect.stringContaining('no e-mail address')]);
  });

  it.each(['manager', 'admin', ''])('lets the role "%s" approve', async (approverRole) => {
    const { approved } = await record({}, { approverRole });
    // Empty: the flow vouches, and says so to the store, which takes nobody without a role.
    expect(approved.map(({ role }) => role)).toEqual([approverRole || 'manager']);
  });

  it('lets no viewer approve', async () => {
    await expect(record({}, { approverRole: 'viewer' })).rejects.toMatchObject({ code: 'may_not_approve' });
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

describe('what hangs on a row, and columns that come or get another type', () => {
  const judged = async (change: Partial<Change>) => {
    const emitted = await billingRules.run(
      { ...exampleChange, column_id: null, column_name: null, ...change },
      params,
      fakePorts({}),
    );
    return auditEvent.schema.parse([emitted.judged].flat()[0]);
  };

  it('is told with the work request and the week of its row, and is no violation even where that week had closed', async () => {
    const event = await judged({ kind: 'attachment_created', old_value: null, new_value: 'plan.pdf' });
    expect(event).toMatchObject({
      ...{ violation_type: 'NONE', severity: 'LOW', delta: null, is_historical: null },
      ...{ work_request: '90123', week_ending: '2026-01-18' },
      issue_description: 'The file or link "plan.pdf" was attached (on work request 90123).',
    });
  });

  it('says of a row that is gone that it may have been moved, unless Smartsheet said so', async () => {
    const gone = await judged({ kind: 'row_deleted', old_value: null, new_value: null });
    expect(gone.issue_description).toContain('was deleted, or moved away,');
    const moved = await judged({ kind: 'row_moved', old_value: null, new_value: null });
    expect(moved.issue_description).toContain('was moved out of the sheet');
  });

  it('says that nobody can tell any more what a deleted comment was', async () => {
    const event = await judged({ kind: 'comment_deleted', old_value: null, new_value: null, row_id: null, values: {} });
    expect(event.issue_description).toBe(
      'A comment was deleted: nobody can tell any more which (on the sheet "Billing, North").',
    );
  });

  it.each([
    ['column_added', null, 'Foreman', 'The column "Foreman" of the sheet "Billing, North" was added.'],
    [
      'column_retyped',
      'DATE',
      'PICKLIST',
      'The column "Foreman" of the sheet "Billing, North" has another type: PICKLIST, before DATE.',
    ],
  ] as const)('tells a %s in words', async (kind, old_value, new_value, issue_description) => {
    const event = await judged({ kind, column_name: 'Foreman', row_id: null, old_value, new_value, values: {} });
    expect(event).toMatchObject({ violation_type: 'NONE', severity: 'LOW', issue_description });
  });
});
