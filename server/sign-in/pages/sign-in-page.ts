import { html } from './html';
import { card, messageLine, type Message } from './page';

export interface SignInPage {
  /** What was typed before, to be there again. */
  readonly name: string;
  /** Local path to go to afterwards. */
  readonly next: string;
  readonly message: Message | null;
}

export function signInPage({ name, next, message }: SignInPage): string {
  return card(
    'Sign in',
    html`<h1>Sign in</h1>
      ${messageLine(message)}
      <form method="post" action="/sign-in" class="stack">
        <input type="hidden" name="next" value="${next}" />
        <label>
          Name
          <input
            name="name"
            value="${name}"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            maxlength="64"
            required
            ${name === '' ? html`autofocus` : null}
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            maxlength="200"
            required
            ${name === '' ? null : html`autofocus`}
          />
        </label>
        <button class="main">Sign in</button>
      </form>
      <p class="fine">No account, or a lost password? An admin of this server makes a new one under People.</p>`,
  );
}
