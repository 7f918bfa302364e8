import {
  changes,
  keysOf,
  keysWritten,
  LONG,
  nothingWaits,
  record,
  request,
  rowsOf,
  sandbox,
  theSheet,
  trouble,
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
