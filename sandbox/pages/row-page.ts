import { cellWords, moment } from './words';
import { hangingsOf } from './hangings';
import { html, type Markup } from './html';
import { page } from './page';
import type { Column, Row, Writing } from '../office/types';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

/** `GET /sheets/:id/rows/:rowId`: what the row holds, and the history of each cell that ever changed. */
export function rowPage(world: World, sheet: Sheet, row: Row): string {
  const writer = (id: number) => world.office.people.writer(id).email;
  const cells = sheet.columns.map((column) => {
    const writings = row.cells.get(column.id);
    return html`<tr>
      <td data-title="Column"><span>${column.title}</span></td>
      <td data-title="Value">${cellWords(writings?.at(-1))}</td>
    </tr>`;
  });
  const changed = sheet.columns.filter((column) => (row.cells.get(column.id)?.length ?? 0) > 1);
  const histories = changed.map((column) => history(column, row.cells.get(column.id) ?? [], writer));
  return page(
    `Row ${row.rowNumber}`,
    [
      { title: 'All sheets', link: '/' },
      { title: sheet.name, link: `/sheets/${sheet.id}?rowId=${row.id}` },
    ],
    html`<p class="facts">
        Version ${row.version}. Made ${moment(row.createdAt)} by ${writer(row.createdBy)}. Last changed
        ${moment(row.modifiedAt)} by ${writer(row.modifiedBy)}.
      </p>
      ${table(['Column', 'Value'], cells, 'pairs')} ${hangingsOf(world, sheet, row.id)}
      <h2>Cell history</h2>
      ${histories.length === 0 ? html`<p class="empty">No cell of this row was changed since it was made.</p>` : histories}`,
  );
}

function history(column: Column, writings: readonly Writing[], writer: (id: number) => string): Markup {
  const lines = [...writings].reverse().map(
    (writing) =>
      html`<tr>
        <td data-title="Value">${cellWords(writing)}</td>
        <td data-title="By"><span>${writer(writing.by)}</span></td>
        <td data-title="When"><span>${moment(writing.at)}</span></td>
      </tr>`,
  );
  return html`<h3>${column.title}</h3>
    ${table(['Value', 'By', 'When'], lines)}`;
}

function table(heads: readonly string[], lines: readonly Markup[], kind = ''): Markup {
  return html`<div class="scroll ${kind}">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th>${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
}
