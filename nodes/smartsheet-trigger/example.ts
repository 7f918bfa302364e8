import type { Change } from '../../lib/event';

/** Somebody raises a quantity. */
export const exampleOfTrigger: Change = {
  event_key: '4583173393803140:2361756178769796:7960873114331012:1',
  kind: 'cell_changed',
  sheet_id: '4583173393803140',
  sheet_name: 'Billing, North',
  row_id: '2361756178769796',
  column_id: '7960873114331012',
  column_name: 'Quantity',
  old_value: '10',
  new_value: '12',
  values: {
    'Work Request #': '90123.1',
    'Weekly Referenced Logged Date': '2026-01-14',
    Quantity: '12',
    'Units Total Price': '$1,500.00',
    Foreman: 'R. Example',
  },
  changed_by: 'clerk@example.com',
  changed_by_kind: 'person',
  changed_at: '2026-01-15T15:30:00.000Z',
  audit_run_id: 'callback:example',
  found_by: 'callback',
  intermediate_unknown: false,
  sheet_reference: 'https://app.smartsheet.com/sheets/example?rowId=2361756178769796',
};
