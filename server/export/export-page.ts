import type { Scope, Visitor } from '../sign-in';
import { html, messageLine, sheet, type Message } from '../sign-in/pages';

export interface ExportPage {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly scope: Scope;
  readonly message: Message | null;
  /** What stands in the form: the days as YYYY-MM-DD. */
  readonly typed: { readonly from: string; readonly to: string; readonly format: string; readonly sheets: string };
  readonly timeZone: string;
}

/** Where people choose what they take home; programs name it in the address. */
export function exportPage({ visitor, formToken, scope, message, typed, timeZone }: ExportPage): string {
  const format = (value: string, text: string) =>
    html`<option value="${value}" ${typed.format === value ? html`selected` : null}>${text}</option>`;
  return sheet(
    'Export',
    '/export',
    visitor,
    formToken,
    html`${messageLine(message)}
      <section>
        <h2>Take the changes of a period home</h2>
        <p>
          Every recorded change of these days, with the query, the count, a sample that anybody can draw again, and for
          each sheet and day whether it was watched without a gap.
        </p>
        <form method="get" action="/export" class="stack narrow">
          <label>From day <input name="from" type="date" value="${typed.from}" required /></label>
          <label>To day, included <input name="to" type="date" value="${typed.to}" required /></label>
          <label
            >As
            <select name="format">
              ${[format('xlsx', 'Excel workbook (XLSX)'), format('csv', 'CSV files in a ZIP')]}
            </select></label
          >
          <label
            >Only these sheets
            <input name="sheet" value="${typed.sheets}" maxlength="400" autocomplete="off" aria-describedby="sheets" />
          </label>
          <p class="fine" id="sheets">Ids with commas (File > Properties in Smartsheet); empty means all.</p>
          <button class="main">Download</button>
          <p class="fine">Days are those of ${timeZone}.</p>
        </form>
      </section>`,
    scope,
  );
}
