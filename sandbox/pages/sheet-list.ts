import { html } from './html';
import { page } from './page';
import { moment } from './words';
import type { World } from '../world';

/** `GET /`: every sheet, newest change first. */
export function sheetListPage({ office, dispatcher, settings }: World): string {
  const sheets = [...office.sheets.values()].sort((left, right) => right.modifiedAt - left.modifiedAt);
  if (sheets.length === 0) {
    return page(
      'Practice sheets',
      [],
      html`<p class="empty">
        There is no sheet yet. Load one with <code>--load FILE</code>, or send <code>POST /sandbox/sheets</code>.
      </p>`,
    );
  }
  const lines = sheets.map((sheet) => {
    const hooks = dispatcher.hooks().filter((hook) => hook.sheetId === sheet.id);
    const enabled = hooks.filter((hook) => hook.status === 'ENABLED').length;
    const watch =
      hooks.length === 0 ? 'Nobody watches' : enabled === hooks.length ? 'Watched' : 'A webhook is disabled';
    return html`<tr>
      <td data-title="Sheet"><a href="/sheets/${sheet.id}">${sheet.name}</a></td>
      <td data-title="Rows" class="number"><span>${sheet.rows.length.toLocaleString('en')}</span></td>
      <td data-title="Version" class="number"><span>${sheet.version}</span></td>
      <td data-title="Webhook"><span>${watch}</span></td>
      <td data-title="Last change"><span>${moment(sheet.modifiedAt)}</span></td>
    </tr>`;
  });
  return page(
    'Practice sheets',
    [],
    html`<p class="facts">${sheets.length} ${sheets.length === 1 ? 'sheet' : 'sheets'}</p>
      ${settings.practice ? html`<p>A made-up office works in them. Its hours are always now.</p>` : ''}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Sheet</th>
              <th class="number">Rows</th>
              <th class="number">Version</th>
              <th>Webhook</th>
              <th>Last change</th>
            </tr>
          </thead>
          <tbody>
            ${lines}
          </tbody>
        </table>
      </div>`,
  );
}
