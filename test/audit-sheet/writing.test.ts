import { until } from '../support/until';
import type { AuditEvent } from '../../lib/event';
import {
  changes,
  columnOf,
  driver,
  forgetWriters,
  keysOf,
  keysWritten,
  LONG,
  nothingWaits,
  record,
  rowsOf,
  type Rows,
  sandbox,
  auditSheets,
  theSheet,
  trouble,
  troubles,
  write,
  writers,
} from './house';

it(
  'makes the sheet with the columns of the contract, and writes each event once; again is nothing',
  async () => {
    await write();
    const { id } = await theSheet();
    const events = changes(3);
    await record(events);
    writers[0]!.wake();
    await nothingWaits();
    await record(events);
    writers[0]!.wake();
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
    const { body } = await sandbox.api<Rows>('GET', `/sheets/${id}`);
    expect(
      body.columns
        .map(({ title }) => title)
        .slice(0, 18)
        .join(', '),
    ).toBe(
      'Work Request #, Week Ending, Column, Old Value, New Value, Delta, Changed By, Changed At, Source Sheet ID, Source Row ID, Sheet Reference, Run At, Run ID, Is Historical?, Severity, Issue Description, Suggested Fix, Note',
    );
    expect((await rowsOf(id))[0]).toMatchObject({
      'Source Row ID': events[0]!.row_id,
      'Old Value': events[0]!.old_value,
      Severity: events[0]!.severity,
      Note: events[0]!.violation_type,
      'Is Historical?': events[0]!.is_historical,
    });
  },
  LONG,
);

it.each([
  [
    'an answer that is lost after the rows were added',
    { errorCode: 4002, cut: 'reset', afterDoing: true, method: 'POST' },
  ],
  ['a rate limit', { errorCode: 4003, retryAfterSeconds: 1, method: 'POST', count: 3 }],
  ['a save that collides', { errorCode: 4004, method: 'POST', count: 2 }],
])(
  'writes each event once in spite of %s',
  async (_what, failNext) => {
    await write();
    await theSheet();
    await nothingWaits();
    await sandbox.control('POST', '/sandbox/faults', { failNext: { path: '/sheets/', ...failNext } });
    const events = changes(5);
    await record(events);
    writers[0]!.wake();
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
  },
  LONG,
);

it(
  'finds rows that were written by a process that ended before it could note it',
  async () => {
    let ended: () => void = () => undefined;
    const wrote = new Promise<void>((done) => (ended = done));
    // The process ends between the sheet and the store: what it wanted to note is never noted.
    await write({}, (name, p, caller) => {
      const isNote = name === 'billing_audit_mark_audit_rows' && (p as { rows: { state: string }[] }).rows.length > 0;
      if (!isNote) return driver.rpc(name, p, caller);
      ended();
      return new Promise(() => undefined);
    });
    await theSheet();
    const events = changes(4);
    await record(events);
    writers[0]!.wake();
    await wrote;
    expect(await keysWritten()).toEqual(keysOf(events));
    forgetWriters();
    await write();
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
  },
  LONG,
);

it(
  'goes on in a new sheet when one is full, keeps the old one, and says so in the trail',
  async () => {
    await write({ mostRows: 10 });
    await theSheet();
    const events = changes(25);
    await record(events);
    writers[0]!.wake();
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
    const month = new Date().toISOString().slice(0, 7);
    expect((await auditSheets()).map(({ name }) => name).toSorted()).toEqual([
      'Billing Report Audit Log',
      `Billing Report Audit Log ${month}`,
      `Billing Report Audit Log ${month} (2)`,
    ]);
    for (const { id } of await auditSheets()) expect((await rowsOf(id)).length).toBeLessThanOrEqual(10);
    const { events: told } = (await driver.rpc('billing_audit_recent', { limit: 100 })) as { events: AuditEvent[] };
    const rotations = told.filter(({ column_name }) => column_name === 'Audit sheet');
    expect(rotations).toHaveLength(2);
    expect(rotations[1]).toMatchObject({
      violation_type: 'NONE',
      issue_description: expect.stringContaining('was full'),
    });
  },
  LONG,
);

it(
  'does not double a row that audit_billing_changes.py has written',
  async () => {
    await write();
    const { id } = await theSheet();
    await nothingWaits();
    const [theirs, ours] = changes(2);
    const cell = async (title: string, value: unknown): Promise<object> => ({
      columnId: await columnOf(id, title),
      value,
    });
    const cells = await Promise.all([
      cell('Source Sheet ID', theirs!.sheet_id),
      cell('Source Row ID', theirs!.row_id),
      cell('Column', theirs!.column_name),
      cell('Old Value', theirs!.old_value),
      cell('New Value', theirs!.new_value),
      cell('Changed At', new Date(Date.parse(theirs!.changed_at) + 30_000).toISOString()),
      cell('Run ID', 'run-of-the-script'),
    ]);
    await sandbox.api('POST', `/sheets/${id}/rows`, [{ toBottom: true, cells }]);
    await record([theirs!, ours!]);
    writers[0]!.wake();
    await nothingWaits();
    expect(await keysWritten()).toEqual([ours!.event_key]);
    expect(await rowsOf(id)).toHaveLength(2);
  },
  LONG,
);

it(
  'goes on when a column was renamed; says which is missing when one was deleted, and writes once it is there',
  async () => {
    await write();
    const { id } = await theSheet();
    await nothingWaits();
    await sandbox.api('PUT', `/sheets/${id}/columns/${await columnOf(id, 'Severity')}`, { title: 'How bad' });
    const [first, second] = changes(2);
    await record([first!]);
    writers[0]!.wake();
    await nothingWaits();
    expect((await rowsOf(id))[0]).toMatchObject({ 'How bad': first!.severity });
    await sandbox.api('DELETE', `/sheets/${id}/columns/${await columnOf(id, 'Delta')}`);
    await record([second!]);
    writers[0]!.wake();
    await trouble('has no column "Delta"');
    await sandbox.api('POST', `/sheets/${id}/columns`, [{ title: 'Delta', type: 'TEXT_NUMBER', index: 3 }]);
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf([first!, second!]));
    await until(async () => (await troubles()).length === 0, 'the end of the trouble', LONG);
  },
  LONG,
);
