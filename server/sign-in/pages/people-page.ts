import { ROLES, type Account, type Role } from '../account';
import type { Visitor } from '../sign-in';
import { html, type Html } from './html';
import { messageLine, sheet, tokenField, type Message } from './page';
import { timeAgo } from './time-words';

/** An account and when its person was last here. */
export interface PersonLine {
  readonly account: Account;
  /** Milliseconds since 1970; null: not signed in now. */
  readonly lastUsedAt: number | null;
  readonly hasSecondFactor: boolean;
}

export interface PeoplePage {
  readonly visitor: Visitor;
  readonly people: readonly PersonLine[];
  readonly formToken: string;
  readonly message: Message | null;
  /** What was typed into a form that was refused. */
  readonly typed: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const MAY: Readonly<Record<Role, string>> = {
  viewer: 'sees the dashboard',
  auditor: 'sees the dashboard and reads the editor',
  manager: 'sees the dashboard and acts on it',
  admin: 'may do everything',
};

export function peoplePage(view: PeoplePage): string {
  const { visitor, formToken, message, typed } = view;
  return sheet(
    'People',
    '/people',
    visitor,
    formToken,
    html`${messageLine(message)}
      <section>
        <h2>Who may sign in</h2>
        <p class="fine">
          Whose changes are judged, with access levels and reviews, is in the <a href="/directory">directory</a>.
        </p>
        <table class="people">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Role</th>
              <th scope="col">State</th>
              <th scope="col"><span class="unseen">Actions</span></th>
            </tr>
          </thead>
          <tbody>
            ${view.people.map((line) => personRow(line, view))}
          </tbody>
        </table>
      </section>
      <section>
        <h2>Add a person</h2>
        <form method="post" action="/people/add" class="inline">
          ${tokenField(formToken)}
          <label
            >Name
            <input
              name="name"
              value="${typed}"
              maxlength="64"
              required
              autocomplete="off"
              autocapitalize="none"
              spellcheck="false"
          /></label>
          <label>Role ${roleSelect('viewer')}</label>
          <button class="main">Add</button>
        </form>
        <dl class="fine roles">
          ${ROLES.map(
            (role) =>
              html`<div>
                <dt>${role}</dt>
                <dd>${MAY[role]}</dd>
              </div>`,
          )}
        </dl>
      </section>`,
  );
}

function personRow(
  { account, lastUsedAt, hasSecondFactor }: PersonLine,
  { visitor, formToken, now }: PeoplePage,
): Html {
  const { name, role, disabled } = account;
  const hidden = html`${tokenField(formToken)}<input type="hidden" name="name" value="${name}" />`;
  const here = lastUsedAt === null ? 'Not signed in' : `Signed in, last use ${timeAgo(lastUsedAt, now)}`;
  return html`<tr>
    <td data-label="Name"><span>${name} ${name === visitor.name ? html`<mark>you</mark>` : null}</span></td>
    <td data-label="Role">
      <form method="post" action="/people/role" class="inline">
        ${hidden} ${roleSelect(role, `Role of ${name}`)}<button class="quiet">Set</button>
      </form>
    </td>
    <td data-label="State">
      <span
        >${disabled ? html`<mark class="off">disabled</mark>` : here}${hasSecondFactor ? ', second factor' : null}</span
      >
    </td>
    <td class="act">
      ${
        name === visitor.name
          ? null
          : html`<form method="post" action="/people/password">
                ${hidden}<button class="quiet">New password</button>
              </form>
              ${
                hasSecondFactor
                  ? html`<form method="post" action="/people/second-factor">
                      ${hidden}<button class="quiet">Remove second factor</button>
                    </form>`
                  : null
              }
              <form method="post" action="/people/${disabled ? 'enable' : 'disable'}">
                ${hidden}<button class="quiet">${disabled ? 'Enable' : 'Disable'}</button>
              </form>`
      }
    </td>
  </tr>`;
}

function roleSelect(chosen: Role, label: string | null = null): Html {
  const options = ROLES.map((role) => html`<option ${role === chosen ? html`selected` : null}>${role}</option>`);
  return html`<select name="role" ${label === null ? null : html`aria-label="${label}"`}>
    ${options}
  </select>`;
}
