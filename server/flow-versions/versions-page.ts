import type { Visitor } from '../sign-in';
import { html, messageLine, sheet, timeOfDay, tokenField, type Html, type Message } from '../sign-in/pages';
import { inWords, type Difference } from './difference';
import type { Offer } from './shipped-flow';
import type { KeptVersion } from './version-shelf';

export interface VersionLine {
  readonly version: KeptVersion;
  /** Against the version before; null for the oldest that is kept. */
  readonly difference: Difference | null;
  readonly isCurrent: boolean;
}

export interface VersionsPage {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly message: Message | null;
  readonly versions: readonly VersionLine[];
  /** Null: there is nothing to take. */
  readonly offer: Offer | null;
  /** IANA name. */
  readonly timeZone: string;
}

export function versionsPage(view: VersionsPage): string {
  const { visitor, formToken, message, versions, offer } = view;
  return sheet(
    'Versions of the flows',
    '/flows/versions',
    visitor,
    formToken,
    html`${messageLine(message)} ${offer ? offerSection(offer, formToken) : null}
      <section>
        <h2>What has been deployed</h2>
        ${versions.length > 0 ? table(view) : html`<p>No version is kept. The next deploy in the editor appears here.</p>`}
        <p class="fine under">
          The last 20 versions are kept. Going back deploys that version again; the present one stays in this list.
          Passwords and tokens are kept apart from the flows: those of a node that was removed since have to be entered
          again.
        </p>
      </section>`,
  );
}

function offerSection({ difference, isNewer }: Offer, formToken: string): Html {
  const what = isNewer
    ? html`<h2>A newer flow came with this version</h2>
        <p>
          Taking it replaces the tabs that were shipped (${inWords(difference)} nodes), also what you changed on them,
          and leaves your own tabs and settings as they are. You can go back afterwards.
        </p>`
    : html`<h2>The shipped tabs here differ from those of this version</h2>
        <p>
          It is not known which flow was placed here, so this may be your own work and no newer flow:
          ${inWords(difference)} nodes. Taking those of this version replaces what you changed on the shipped tabs, and
          leaves your own tabs and settings as they are. You can go back afterwards.
        </p>`;
  return html`<section>
    ${what}
    <form method="post" action="/flows/versions/shipped" class="inline">
      ${tokenField(formToken)}<button class="main" name="answer" value="take">
        ${isNewer ? 'Take it' : 'Take them'}
      </button>
      <button class="quiet" name="answer" value="leave">Not now</button>
    </form>
  </section>`;
}

function table(view: VersionsPage): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Deployed</th>
        <th scope="col">By</th>
        <th scope="col">Nodes</th>
        <th scope="col">Changes to the one before</th>
        <th scope="col"><span class="unseen">Actions</span></th>
      </tr>
    </thead>
    <tbody>
      ${view.versions.map((line) => row(line, view))}
    </tbody>
  </table>`;
}

function row({ version, difference, isCurrent }: VersionLine, { formToken, timeZone }: VersionsPage): Html {
  const { id, savedAt, savedBy, nodes } = version;
  const when = timeOfDay(Date.parse(savedAt), timeZone);
  return html`<tr>
    <td data-label="Deployed">${when}</td>
    <td data-label="By">${savedBy ?? 'not known'}</td>
    <td data-label="Nodes">${nodes}</td>
    <td data-label="Changes">${difference ? inWords(difference) : 'the oldest that is kept'}</td>
    <td class="act">
      ${
        isCurrent
          ? html`<mark>in force</mark>`
          : html`<form method="post" action="/flows/versions/back">
              ${tokenField(formToken)}<input type="hidden" name="version" value="${id}" />
              <button class="quiet" aria-label="Go back to the version of ${when}">Go back</button>
            </form>`
      }
    </td>
  </tr>`;
}
