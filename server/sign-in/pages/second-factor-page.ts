import type { Scope } from '../decision';
import type { FactorState } from '../second-factor-file';
import type { Visitor } from '../sign-in';
import { html, type Html } from './html';
import { messageLine, sheet, tokenField, type Message } from './page';
import { timeOfDay } from './time-words';

interface View {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly message: Message | null;
  readonly scope: Scope;
}

export interface EnrolView extends View {
  /** Base32. */
  readonly key: string;
  readonly link: string;
}

/** The part of one's own page that says how one's second factor stands. */
export function secondFactorSection(state: FactorState | null, formToken: string, timeZone: string): Html {
  return html`<section>
    <h2>Second factor</h2>
    ${state ? standing(state, formToken, timeZone) : missing(formToken)}
  </section>`;
}

function missing(formToken: string): Html {
  return html`<p>
      Signing in takes your password alone. With an authenticator app on your phone, whoever learns it gets no further.
    </p>
    <form method="post" action="/account/second-factor/begin" class="stack narrow">
      ${tokenField(formToken)} ${passwordField()}
      <button class="main">Set up a second factor</button>
    </form>`;
}

function standing({ since, recoveryCodesLeft }: FactorState, formToken: string, timeZone: string): Html {
  const left = recoveryCodesLeft === 1 ? '1 recovery code is' : `${recoveryCodesLeft} recovery codes are`;
  return html`<p>
      <mark>on</mark> Signing in takes a code of your app too, since ${timeOfDay(Date.parse(since), timeZone)}.
      ${recoveryCodesLeft < 3 ? html`<strong>${left} left.</strong>` : `${left} left.`}
    </p>
    <form method="post" action="/account/second-factor/recovery" class="stack narrow">
      ${tokenField(formToken)} ${passwordField()} ${codeField('Code of your app, or a recovery code')}
      <div class="inline">
        <button class="main">New recovery codes</button>
        <button class="quiet" formaction="/account/second-factor/remove">Remove the second factor</button>
      </div>
    </form>`;
}

/** Shows the key of a factor that is being set up. */
export function enrolPage({ visitor, formToken, message, key, link, scope }: EnrolView): string {
  const groups = key.match(/.{1,4}/gu) ?? [];
  return sheet(
    'Second factor',
    '/account',
    visitor,
    formToken,
    html`${messageLine(message)}
      <section>
        <h2>1. Add the key to your authenticator app</h2>
        <p>On this phone, <a href="${link}">open it in the app</a>. On another one, type this key in by hand:</p>
        <p class="secret"><span>Key</span> <code>${groups.join(' ')}</code></p>
        <p class="fine">
          Account ${visitor.name}, by time, six digits, SHA-1, every 30 seconds: what apps take by themselves.
        </p>
      </section>
      <section>
        <h2>2. Show that it works</h2>
        <form method="post" action="/account/second-factor/confirm" class="stack narrow">
          ${tokenField(formToken)} ${codeField()}
          <button class="main">Switch it on</button>
          <p class="fine">Until then nothing has changed. <a href="/account">Leave it as it is</a></p>
        </form>
      </section>`,
    scope,
  );
}

/** Shows recovery codes, this once. */
export function recoveryPage({
  visitor,
  formToken,
  message,
  scope,
  codes,
}: View & { readonly codes: readonly string[] }): string {
  return sheet(
    'Recovery codes',
    '/account',
    visitor,
    formToken,
    html`${messageLine(message)}
      <section>
        <h2>Keep these away from your phone</h2>
        <p>Each signs you in once without your app. They are shown this once: print them, or write them down.</p>
        <ul class="codes">
          ${codes.map((code) => html`<li><code>${code}</code></li>`)}
        </ul>
        <p><a href="/account">I have kept them</a></p>
      </section>`,
    scope,
  );
}

function passwordField(): Html {
  return html`<label
    >Present password <input name="current" type="password" autocomplete="current-password" maxlength="200" required
  /></label>`;
}

function codeField(label = 'Code of your app'): Html {
  return html`<label
    >${label}
    <input name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="40" required
  /></label>`;
}
