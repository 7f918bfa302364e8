import { html, Markup } from './html';
import { STYLE } from './style';

/** One step of the way back, shown above the heading. */
export interface Crumb {
  readonly title: string;
  readonly link: string;
}

/** A whole page: the banner that says what this is not, the way back, a heading, the body. */
export function page(title: string, crumbs: readonly Crumb[], body: Markup): string {
  const way = crumbs.map(
    (crumb) => html`<a href="${crumb.link}">${crumb.title}</a> <span aria-hidden="true">/</span> `,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - Practice sheets</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <p class="banner" role="note"><strong>Practice data:</strong> this is not Smartsheet.</p>
        <main>
          ${crumbs.length === 0 ? '' : html`<nav aria-label="Way back">${way}</nav>`}
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.text;
}

export function notFoundPage(what: string): string {
  return page(
    'Not here',
    [{ title: 'All sheets', link: '/' }],
    html`<p class="empty">${what} Perhaps it was deleted. <a href="/">See all sheets</a></p>`,
  );
}
