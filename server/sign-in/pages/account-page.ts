import { browserName } from '../browser-name';
import type { Scope } from '../decision';
import { limitsOf, type Session } from '../session';
import type { FactorState } from '../second-factor-file';
import type { Visitor } from '../sign-in';
import { html, type Html } from './html';
import { messageLine, sheet, tokenField, type Message } from './page';
import { secondFactorSection } from './second-factor-page';
import { timeAgo, timeOfDay } from './time-words';

export interface AccountPage {
  readonly visitor: Visitor;
  readonly sessions: readonly Session[];
  /** Null: none is set up. */
  readonly factor: FactorState | null;
  readonly formToken: string;
  readonly message: Message | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly timeZone: string;
  readonly scope: Scope;
}

export function accountPage(view: AccountPage): string {
  const { visitor, formToken, message } = view;
  const { absolute, idle } = limitsOf(visitor.role);
  return sheet(
    'Account',
    '/account',
    visitor,
    formToken,
    html`${messageLine(message)}
      <section>
        <h2>Where you are signed in</h2>
        <p class="fine">
          You are signed out after ${idle / 60_000} minutes without use, and ${absolute / 3_600_000} hours after signing
          in. End what you do not recognise, then change your password.
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">Browser</th>
              <th scope="col">Address</th>
              <th scope="col">Signed in</th>
              <th scope="col">Last use</th>
              <th scope="col"><span class="unseen">End</span></th>
            </tr>
          </thead>
          <tbody>
            ${view.sessions.map((session) => sessionRow(session, view))}
          </tbody>
        </table>
      </section>
      ${visitor.session ? secondFactorSection(view.factor, formToken, view.timeZone) : null}
      ${passwordSection(visitor, formToken)}`,
    view.scope,
  );
}

function passwordSection(visitor: Visitor, formToken: string): Html {
  return html`<section>
    <h2>Change your password</h2>
    <form method="post" action="/account/password" class="stack narrow">
      ${tokenField(formToken)}
      <input type="hidden" name="username" value="${visitor.name}" autocomplete="username" />
      <label
        >Present password
        <input name="current" type="password" autocomplete="current-password" maxlength="200" required
      /></label>
      <label
        >New password
        <input
          name="chosen"
          type="password"
          autocomplete="new-password"
          minlength="12"
          maxlength="72"
          required
          aria-describedby="rule"
      /></label>
      <p class="fine" id="rule">At least 12 characters; a few words in a row are easy to remember.</p>
      <label
        >New password again
        <input name="again" type="password" autocomplete="new-password" minlength="12" maxlength="72" required
      /></label>
      <button class="main">Change password</button>
      <p class="fine">Your other sessions end with it.</p>
    </form>
  </section>`;
}

function sessionRow(session: Session, { visitor, formToken, now, timeZone }: AccountPage): Html {
  const here = session.id === visitor.session?.id;
  return html`<tr>
    <td data-label="Browser">
      <span>${browserName(session.userAgent)} ${here ? html`<mark>this one</mark>` : null}</span>
    </td>
    <td data-label="Address"><span class="whole">${session.address}</span></td>
    <td data-label="Signed in">${timeOfDay(session.createdAt, timeZone)}</td>
    <td data-label="Last use">${timeAgo(session.lastUsedAt, now)}</td>
    <td class="act">
      <form method="post" action="/account/end">
        ${tokenField(formToken)}<input type="hidden" name="session" value="${session.id}" />
        <button class="quiet">${here ? 'Sign out' : 'End'}</button>
      </form>
    </td>
  </tr>`;
}
