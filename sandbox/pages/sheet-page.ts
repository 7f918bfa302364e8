import { columnAlignment, cellWords, moment } from './words';
import { hangingsOf, sharesOf } from './hangings';
import { html, type Markup } from './html';
import { page } from './page';
import type { Row } from '../office/types';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

const ROWS_PER_PAGE = 100;

/**
 * `GET /sheets/:id[?page=n][?rowId=n]`: a page of its rows. With `rowId` that row first, and the page that holds it.
 * @returns null when the row is not there
 */
export function sheetPage(
  world: World,
  sheet: Sheet,
  wanted: { readonly page: number; readonly rowId: number | null },
): string | null {
  const chosen = wanted.rowId === null ? undefined : sheet.row(wanted.rowId);
  if (wanted.rowId !== null && chosen === undefined) return null;
  const pages = Math.max(1, Math.ceil(sheet.rows.length / ROWS_PER_PAGE));
  const ofChosen = chosen === undefined ? wanted.page : Math.ceil(chosen.rowNumber / ROWS_PER_PAGE);
  const number = Math.min(Math.max(1, ofChosen), pages);
  const rows = sheet.rows.slice((number - 1) * ROWS_PER_PAGE, number * ROWS_PER_PAGE);
  const facts = html`<p class="facts">
    ${sheet.rows.length.toLocaleString('en')} ${sheet.rows.length === 1 ? 'row' : 'rows'}, version ${sheet.version},
    last changed ${moment(sheet.modifiedAt)}. Owner: ${world.office.people.writer(sheet.ownerId).email}.
  </p>`;
  const body =
    rows.length === 0
      ? html`<p class="empty">This sheet has no rows yet.</p>`
      : html`${table(sheet, rows, chosen)} ${turning(sheet, number, pages)}`;
  const first = chosen === undefined ? '' : markedRow(sheet, chosen);
  return page(
    sheet.name,
    [{ title: 'All sheets', link: '/' }],
    html`${facts} ${first} ${body} ${hangingsOf(world, sheet, sheet.id)} ${sharesOf(world, sheet)}`,
  );
}

/** The row that a link asked for, above all others, so that it is seen on any screen. */
function markedRow(sheet: Sheet, row: Row): Markup {
  return html`<h2>The row of the link</h2>
    ${table(sheet, [row], row)}
    <p>
      <a href="/sheets/${sheet.id}/rows/${row.id}">See the history of row ${row.rowNumber}</a>, or
      <a href="#row-${row.id}">find it among its neighbours</a>.
    </p>
    <h2>All rows</h2>`;
}

function table(sheet: Sheet, rows: readonly Row[], chosen: Row | undefined): Markup {
  const columns = sheet.columns.map((column) => ({
    column,
    align: columnAlignment(
      column,
      rows.map((row) => row.cells.get(column.id)?.at(-1)),
    ),
  }));
  const heads = columns.map(({ column, align }) => html`<th class="${align}">${column.title}</th>`);
  const lines = rows.map((row) => {
    const cells = columns.map(({ column, align }) => {
      const words = cellWords(row.cells.get(column.id)?.at(-1));
      return html`<td class="${align}" data-title="${column.title}">${words}</td>`;
    });
    const anchor = rows.length === 1 ? '' : html`id="row-${row.id}"`;
    return html`<tr ${anchor} class="${row === chosen ? 'chosen' : ''}">
      <td data-title="Row">
        <a href="/sheets/${sheet.id}/rows/${row.id}">${row.rowNumber}</a>
      </td>
      ${cells}
    </tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows of ${sheet.name}">
    <table>
      <thead>
        <tr>
          <th>Row</th>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
}

function turning(sheet: Sheet, number: number, pages: number): Markup {
  if (pages === 1) return html``;
  const link = (to: number, words: string) =>
    to < 1 || to > pages ? html`<span></span>` : html`<a href="/sheets/${sheet.id}?page=${to}">${words}</a>`;
  return html`<nav class="pages" aria-label="Pages">
    ${link(number - 1, 'Earlier rows')} <span>Page ${number} of ${pages}</span> ${link(number + 1, 'Later rows')}
  </nav>`;
}
