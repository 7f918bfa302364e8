import type { Scope, Visitor } from '../sign-in';
import { html, messageLine, sheet, type Html, type Message } from '../sign-in/pages';
import type { AskedFilters } from './order';

export interface KnownSheet {
  readonly sheet_id: string;
  readonly name: string;
}

export interface ExportPage {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly scope: Scope;
  readonly message: Message | null;
  /** What stands in the form: the days as YYYY-MM-DD, the sheets as ids. */
  readonly typed: {
    readonly from: string;
    readonly to: string;
    readonly format: string;
    readonly sheets: readonly string[];
    readonly filters: AskedFilters;
  };
  /** Offered by name. */
  readonly known: readonly KnownSheet[];
  readonly timeZone: string;
}

/** Where people choose what they take home; programs name it in the address. */
export function exportPage({ visitor, formToken, scope, message, typed, known, timeZone }: ExportPage): string {
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
          ${sheetChoice(known, typed.sheets)} ${filterFields(typed.filters)}
          <button class="main">Download</button>
          <p class="fine">Days are those of ${timeZone}.</p>
        </form>
      </section>`,
    scope,
  );
}

/** By name where the store knows them; anything else by its id, so that nothing that was asked for gets lost. */
function sheetChoice(known: readonly KnownSheet[], chosen: readonly string[]): Html {
  const others = chosen.filter((id) => known.every(({ sheet_id }) => sheet_id !== id));
  const box = ({ sheet_id, name }: KnownSheet) =>
    html`<label class="check"
      ><input type="checkbox" name="sheet" value="${sheet_id}" ${chosen.includes(sheet_id) ? html`checked` : null} />
      ${name}</label
    >`;
  return html`${
      known.length === 0
        ? null
        : html`<fieldset class="checks">
            <legend>Only these sheets <span class="fine">(none ticked: all)</span></legend>
            ${known.map(box)}
          </fieldset>`
    }
    <label
      >${known.length === 0 ? 'Only these sheets' : 'Other sheets'}, by id
      <input name="sheet" value="${others.join(', ')}" maxlength="400" autocomplete="off" aria-describedby="sheets" />
    </label>
    <p class="fine" id="sheets">Ids with commas (File > Properties in Smartsheet); may stay empty.</p>`;
}

/** The fields of the page Changes, so that what is seen there can be taken home. */
function filterFields(given: AskedFilters): Html {
  const field = (name: keyof AskedFilters, text: string) =>
    html`<label
      >${text} <input name="${name}" value="${given[name] ?? ''}" maxlength="200" autocomplete="off"
    /></label>`;
  const level = (value: string, text: string) =>
    html`<option value="${value}" ${given.severity === value ? html`selected` : null}>${text}</option>`;
  return html`<details ${Object.values(given).some(Boolean) ? html`open` : null}>
    <summary>Only some of the changes</summary>
    <div class="stack">
      ${[field('text', 'Any text'), field('person', 'Person'), field('work_request', 'Work request'), field('column', 'Column')]}
      <label
        >Severity
        <select name="severity">
          ${[level('', 'Any'), level('HIGH', 'High'), level('MEDIUM', 'Medium'), level('LOW', 'Low')]}
        </select></label
      >
    </div>
  </details>`;
}
