import { secretBox, storeOver } from '../../lib/store';
import { until } from '../support/until';
import { accessEvent } from '../store/contract/access';
import {
  changes,
  driver,
  ended,
  keysOf,
  keysWritten,
  log,
  LONG,
  nothingWaits,
  record,
  request,
  rowsOf,
  sandbox,
  theSheet,
  trouble,
  troubles,
  watched,
  write,
  writers,
} from './house';

it(
  'tells of a sheet that was deleted, and writes what waited when it is restored',
  async () => {
    await write();
    const { id } = await theSheet();
    await nothingWaits();
    await sandbox.api('DELETE', `/sheets/${id}`);
    const events = changes(2);
    await record(events);
    writers[0]!.wake();
    await trouble('(1006)');
    await sandbox.control('POST', `/sandbox/sheets/${id}/restore`, {});
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
  },
  LONG,
);

it(
  'tells of rights that were lost',
  async () => {
    await write();
    const { id } = await theSheet();
    await nothingWaits();
    await sandbox.control('POST', '/sandbox/faults', {
      failNext: { errorCode: 1004, status: 403, path: `/sheets/${id}/rows`, method: 'POST', count: 2 },
    });
    const events = changes(1);
    await record(events);
    writers[0]!.wake();
    await trouble('(1004)');
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf(events));
  },
  LONG,
);

it(
  'never writes to a sheet that is watched, nor to one without the columns',
  async () => {
    const billing = await sandbox.control<{ id: number }>('POST', '/sandbox/sheets', {
      name: 'Week',
      columns: ['Work Request #'],
      rows: [],
    });
    watched.add(String(billing.id));
    const writer = await write({ sheetId: String(billing.id) });
    await trouble('is watched for changes');
    watched.clear();
    writer.wake();
    await trouble('has no column "Week Ending"');
    expect(await rowsOf(billing.id)).toEqual([]);
  },
  LONG,
);

it(
  'lets one node alone say where events go',
  async () => {
    const writer = await write();
    await expect(writer.desk.enlist(request({ asker: 'another' }))).rejects.toMatchObject({
      code: 'second_audit_sheet',
    });
  },
  LONG,
);

it(
  'writes what tells of sheets and what weakens, but neither who signed in nor who is in the directory',
  async () => {
    await write();
    const { id } = await theSheet();
    const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
    await store.recordAccess({ events: [accessEvent('1')] });
    const person = { name: 'C', role: null, access_level: 3, supervisor: null, department: null };
    await store.savePeople([{ ...person, email: 'secret@example.com', last_review_at: null, active: true }]);
    const ours = { kind: 'configuration', sheet_id: '0' } as const;
    await record([
      { ...changes(1)[0]!, ...ours, event_key: 'weaker', violation_type: 'CONFIGURATION_WEAKENED' },
      { ...changes(1)[0]!, ...ours, event_key: 'stronger', violation_type: 'NONE' },
    ]);
    const events = changes(1);
    await record(events);
    writers[0]!.wake();
    await nothingWaits();
    const keys = (await rowsOf(id)).map((row) => row['Event Key']);
    expect(keys.toSorted()).toEqual([events[0]!.event_key, 'weaker'].toSorted());
    expect((await store.search({ kind: 'person_saved' })).events).toHaveLength(1);
  },
  LONG,
);

it(
  'leaves an event that it cannot read to a newer program, tells of it, and writes the others',
  async () => {
    let isNewer = true;
    const [unread, read] = [changes(1)[0]!, changes(1)[0]!];
    await write({}, async (name, p) => {
      const answer = await driver.rpc(name, p);
      if (!isNewer || name !== 'billing_audit_lease_audit_rows') return answer;
      const leased = answer as { rows: { event_key: string; event: object }[] };
      const rows = leased.rows.map((row) =>
        row.event_key === unread.event_key ? { ...row, event: { ...row.event, kind: 'kind_of_tomorrow' } } : row,
      );
      return { ...leased, rows };
    });
    const { id } = await theSheet();
    await nothingWaits();
    await record([unread, read]);
    writers[0]!.wake();
    await trouble('cannot be read');
    await until(async () => (await keysWritten()).length === 1, 'the one that can be read', LONG);
    expect(await keysWritten()).toEqual([read.event_key]);
    expect(JSON.stringify(await rowsOf(id))).not.toContain('UNREADABLE');
    isNewer = false;
    await nothingWaits();
    expect(await keysWritten()).toEqual(keysOf([unread, read]));
    await until(async () => (await troubles()).length === 0, 'the end of the trouble', LONG);
  },
  LONG,
);

it(
  'closes its trouble once no node asks for the sheet any more, without saying that the sheet is well',
  async () => {
    await write();
    const { id } = await theSheet();
    await nothingWaits();
    await sandbox.api('DELETE', `/sheets/${id}`);
    await record(changes(1));
    writers[0]!.wake();
    await trouble('(1006)');
    await ended();
    await until(async () => (await troubles()).length === 0, 'the end of the trouble', LONG);
    expect(log.lines.join('\n')).not.toContain('could not be closed');
  },
  LONG,
);
