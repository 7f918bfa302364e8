import { html } from './html';
import { card, messageLine, type Message } from './page';

export interface CodePage {
  /** Proves that the password was right. */
  readonly ticket: string;
  /** Local path to go to afterwards. */
  readonly next: string;
  readonly message: Message | null;
}

/** The second step of signing in. */
export function codePage({ ticket, next, message }: CodePage): string {
  return card(
    'Your code',
    html`<h1>Your code</h1>
      ${messageLine(message)}
      <form method="post" action="/sign-in" class="stack">
        <input type="hidden" name="next" value="${next}" />
        <input type="hidden" name="ticket" value="${ticket}" />
        <label>
          Code of your authenticator app
          <input
            name="code"
            autocomplete="one-time-code"
            autocapitalize="none"
            spellcheck="false"
            maxlength="40"
            required
            autofocus
            aria-describedby="lost"
          />
        </label>
        <button class="main">Sign in</button>
      </form>
      <p class="fine" id="lost">
        Lost your phone? Type one of your recovery codes instead; each works once. Without those another admin of this
        server can remove your second factor under People.
      </p>
      <p class="fine"><a href="/sign-in">Begin again</a></p>`,
  );
}
