import { messageOf } from '../../lib/errors';
import { type SmartsheetClient, SmartsheetRefused } from '../../lib/smartsheet';
import { HistoryUnreadable } from './errors';
import type { HistoryTable } from './history-table';

/**
 * The changes in a sheet of Smartsheet's that has the columns of "Billing Report Audit Log", whoever wrote it.
 * @throws HistoryUnreadable  the token may not read it, or there is none
 */
export async function auditSheetHistory(
  client: Pick<SmartsheetClient, 'wholeSheet'>,
  sheetId: string,
  onProgress: (done: number, total: number) => void,
): Promise<HistoryTable> {
  const sheet = await client.wholeSheet(sheetId, onProgress).catch((thrown: unknown) => {
    if (!(thrown instanceof SmartsheetRefused)) throw thrown;
    throw new HistoryUnreadable(
      `The sheet ${sheetId}`,
      `cannot be read: ${messageOf(thrown)}`,
      'Share the sheet with the owner of the token, or give the id that File > Properties shows.',
      thrown,
    );
  });
  const places = new Map(sheet.columns.map(({ id }, place) => [id, place]));
  return {
    source: `The sheet "${sheet.name}"`,
    titles: sheet.columns.map(({ title }) => title),
    rows: sheet.rows.map(({ id, cells }) => {
      const texts = new Array<string | null>(places.size).fill(null);
      for (const { columnId, value } of cells) {
        const place = places.get(columnId);
        if (place !== undefined) texts[place] = value;
      }
      return { place: `row ${id}`, cells: texts };
    }),
  };
}
