import type { RequestHandler } from 'express';
import { html } from './html';
import { card, pageHeaders } from './page';

/**
 * What comes last: an address behind the door that nobody answers. People get a page that leads back, programs a line of JSON,
 * in place of the bare words of the web server.
 */
export function nothingHere(): RequestHandler {
  return (request, response) => {
    response.status(404);
    if (/\btext\/html\b/iu.test(request.headers.accept ?? '')) {
      response.set(pageHeaders).type('html').send(page(request.path));
      return;
    }
    response.json({
      error: 'not_found',
      message: `Nothing is at ${request.path}.`,
      hint: 'See README.md for what is.',
    });
  };
}

function page(path: string): string {
  return card(
    'Nothing here',
    html`<h1>Nothing is at this address</h1>
      <p>${path} leads nowhere on this server. The link may be old, or a letter may be missing.</p>
      <p class="ways"><a href="/dashboard">Dashboard</a> <a href="/account">Account</a></p>`,
  );
}
