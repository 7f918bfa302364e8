import type { SheetRead } from '../../smartsheet';
import type { Observation } from '../../store/store';

/** What every observation says of the sheet itself. */
export function factsOf(
  sheet: SheetRead,
  observedAt: string,
): Pick<Observation, 'sheet_id' | 'sheet_name' | 'columns' | 'column_types' | 'observed_at'> {
  return {
    sheet_id: sheet.id,
    sheet_name: sheet.name,
    columns: Object.fromEntries(sheet.columns.map(({ id, title }) => [id, title])),
    column_types: Object.fromEntries(
      sheet.columns.flatMap(({ id, type, systemColumnType }) => {
        const told = systemColumnType ?? type;
        return told === undefined ? [] : [[id, told]];
      }),
    ),
    observed_at: observedAt,
  };
}
