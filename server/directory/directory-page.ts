import type { ListedSheet } from '../../lib/smartsheet';
import type { Directory, DirectoryPerson } from '../../lib/store';
import type { PeopleDifference, PeopleInSheet, PersonChange } from '../people';
import type { Visitor } from '../sign-in';
import { html, messageLine, sheet, timeOfDay, tokenField, type Html, type Message } from '../sign-in/pages';

/** What taking a sheet would do. */
export interface Preview {
  readonly read: PeopleInSheet;
  readonly difference: PeopleDifference;
  /** Of the directory that it was compared with. */
  readonly mark: string;
}

export interface DirectoryView {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly message: Message | null;
  /** Null: the store is not open. */
  readonly directory: Directory | null;
  /** Null: Smartsheet did not say which there are. */
  readonly sheets: readonly ListedSheet[] | null;
  readonly preview: Preview | null;
  /** The sheet that was chosen before: its id, or what was typed. */
  readonly chosen: string;
  /** IANA name. */
  readonly timeZone: string;
}

const MOST_SHOWN = 500;

export function directoryPage(view: DirectoryView): string {
  const { visitor, formToken, message, directory, preview } = view;
  const content = directory
    ? html`${preview ? previewSection(preview, view) : null} ${sourceSection(directory, view)}
      ${peopleSection(directory, view)}`
    : html`<div class="message bad" role="alert">
        <p>
          <strong>The directory cannot be read now.</strong> Wait until the server has started, then load the page
          again.
        </p>
      </div>`;
  return sheet('Directory of people', '/directory', visitor, formToken, html`${messageLine(message)} ${content}`);
}

function sourceSection({ source }: Directory, view: DirectoryView): Html {
  const from = source
    ? html`Taken last from the sheet <strong>${source.sheet_name || source.sheet_id}</strong>,
        ${timeOfDay(Date.parse(source.taken_at), view.timeZone)}.`
    : 'Not taken from a sheet so far.';
  return html`<section>
    <h2>Read from a Smartsheet sheet</h2>
    <p>${from}</p>
    <form method="get" action="/directory/preview" class="inline">
      <label>Sheet ${sheetField(view)}</label>
      <button class="main">Read and compare</button>
    </form>
    <p class="fine under">
      Columns are found by their titles: e-mail (needed), name, role, access level (1 to 10), supervisor, department,
      last review, active. Nothing is taken before you have seen what would change. Who is no longer in the sheet
      becomes inactive and stays; your own line is never taken by you.
    </p>
  </section>`;
}

function sheetField({ sheets, chosen }: DirectoryView): Html {
  if (!sheets || sheets.length === 0) {
    return html`<input name="sheet" value="${chosen}" placeholder="id of the sheet" maxlength="200" required />`;
  }
  const shown = [...sheets].sort((one, other) => one.name.localeCompare(other.name)).slice(0, MOST_SHOWN);
  return html`<select name="sheet">
    ${shown.map(
      ({ id, name, workspace }) =>
        html`<option value="${id}" ${id === chosen ? html`selected` : null}>
          ${name}${workspace === null ? null : ` (${workspace})`}
        </option>`,
    )}
  </select>`;
}

function previewSection({ read, difference }: Preview, { formToken }: DirectoryView): Html {
  const { changes, heldBack, fingerprint } = difference;
  const { sheet: from, absent, ignored } = read;
  return html`<section>
    <h2>What "${from.sheet_name}" would change</h2>
    ${absent.length > 0 ? html`<p class="fine">It has no column for ${absent.join(', ')}: what is known stays.</p>` : null}
    ${ignored.length > 0 ? html`<p class="fine">Not used: ${ignored.join(', ')}.</p>` : null}
    ${
      heldBack.length > 0
        ? html`<div class="message bad" role="status">
            <p>
              <strong>Your own line differs, and is left as it is.</strong> Nobody changes their own role, access level
              or review: another administrator can take it.
            </p>
          </div>`
        : null
    }
    ${changes.length === 0 ? html`<p>Nothing: the directory says the same already.</p>` : changesTable(changes)}
    <form method="post" action="/directory/take" class="inline under">
      ${tokenField(formToken)}<input type="hidden" name="sheet" value="${from.sheet_id}" />
      <input type="hidden" name="shown" value="${fingerprint}" />
      <button class="main">${changes.length === 0 ? 'Keep as the source' : `Take ${countOf(changes)}`}</button>
      <a href="/directory">Leave everything as it is</a>
    </form>
  </section>`;
}

function changesTable(changes: readonly PersonChange[]): Html {
  return html`<table>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">What</th>
          <th scope="col">From, to</th>
        </tr>
      </thead>
      <tbody>
        ${changes.slice(0, MOST_SHOWN).map(
          ({ email, what, fields }) =>
            html`<tr>
              <td data-label="Person">${email}</td>
              <td data-label="What"><mark class="${what === 'made inactive' ? 'off' : ''}">${what}</mark></td>
              <td data-label="From, to">
                <div>
                  ${fields
                    .filter(({ before, after }) => what !== 'added' || before !== after)
                    .map(
                      ({ name, before, after }) =>
                        html`<div>
                          <strong>${name}</strong>:
                          ${what === 'added' ? null : html`${before ?? 'nothing'} → `}${after ?? 'nothing'}
                        </div>`,
                    )}
                </div>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${changes.length > MOST_SHOWN ? html`<p>and ${changes.length - MOST_SHOWN} more</p>` : null}`;
}

function peopleSection({ people }: Directory, { timeZone }: DirectoryView): Html {
  if (people.length === 0) {
    return html`<section>
      <h2>People whose changes are judged</h2>
      <p>
        Nobody is known yet. Until then access levels and reviews are unknown: they add nothing to a risk, and each
        event says so.
      </p>
    </section>`;
  }
  return html`<section>
    <h2>People whose changes are judged</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">Role</th>
          <th scope="col">Level</th>
          <th scope="col">Supervisor</th>
          <th scope="col">Last review</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${people.slice(0, MOST_SHOWN).map((person) => personRow(person, timeZone))}
      </tbody>
    </table>
    ${people.length > MOST_SHOWN ? html`<p>and ${people.length - MOST_SHOWN} more</p>` : null}
  </section>`;
}

function personRow(person: DirectoryPerson, timeZone: string): Html {
  const { email, name, role, department, access_level, supervisor, last_review_at, active } = person;
  const where = [role, department].filter((each) => each !== null).join(', ');
  return html`<tr>
    <td data-label="Person"><div>${name === null ? null : html`<strong>${name}</strong><br />`}${email}</div></td>
    <td data-label="Role">${where || 'unknown'}</td>
    <td data-label="Level">${access_level ?? 'unknown'}</td>
    <td data-label="Supervisor">${supervisor ?? 'unknown'}</td>
    <td data-label="Last review">${last_review_at === null ? 'unknown' : dayOf(last_review_at, timeZone)}</td>
    <td data-label="State">${active ? 'active' : html`<mark class="off">inactive</mark>`}</td>
  </tr>`;
}

function dayOf(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(Date.parse(instant));
}

function countOf(changes: readonly PersonChange[]): string {
  return changes.length === 1 ? 'this change' : `these ${changes.length} changes`;
}
