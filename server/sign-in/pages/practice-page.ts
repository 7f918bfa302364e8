import { html } from './html';
import { card } from './page';

/** Practice mode has nobody to sign in or out; the page says so instead of showing forms that lead nowhere. */
export function practicePage(): string {
  return card(
    'Practice',
    html`<h1>Practice mode asks nobody who they are</h1>
      <p>
        Only programs on this machine can reach it, and nothing here is real. With a Smartsheet token the next start
        makes an admin and a viewer, and everybody signs in.
      </p>
      <p class="ways">
        <a href="/dashboard">Dashboard</a> <a href="/admin/">Editor</a> <a href="/export">Export</a>
        <a href="/setup">Set-up</a>
      </p>`,
  );
}
