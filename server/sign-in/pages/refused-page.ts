import type { Refusal } from '../decision';
import { html } from './html';
import { card } from './page';

export function refusedPage({ message, hint, status }: Refusal): string {
  return card(
    'Not possible',
    html`<h1>${message}</h1>
      <p>${hint}</p>
      ${status === 403 ? html`<p class="ways"><a href="/">Go to the start</a> <a href="/account">See who you are</a></p>` : null}`,
  );
}
