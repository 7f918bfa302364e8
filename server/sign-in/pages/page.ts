import type { Role } from '../account';
import type { Scope } from '../decision';
import type { Visitor } from '../sign-in';
import { html, type Html } from './html';

/** Nothing from elsewhere, no script at all, no frame around it, no copy kept. */
export const pageHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** A line above the content that says how something went. */
export interface Message {
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly hint?: string;
  /** Shown once, large, to be written down. */
  readonly secret?: { readonly label: string; readonly value: string };
}

/** A small page in the middle of the window: sign-in and refusals. */
export function card(title: string, content: Html): string {
  return page(title, html`<main class="card">${brand} ${content}</main>`);
}

/** Where the bar leads, and who is shown the way; the door asks again. */
const PLACES: readonly Place[] = [
  { path: '/dashboard', text: 'Dashboard', withDashboard: true },
  { path: '/export', text: 'Export', roles: ['admin', 'auditor', 'manager'], withDashboard: true },
  { path: '/access', text: 'Access', roles: ['admin', 'auditor', 'manager'], withDashboard: true },
  { path: '/admin/', text: 'Editor', roles: ['admin', 'auditor'] },
  { path: '/people', text: 'People', roles: ['admin'] },
  { path: '/directory', text: 'Directory', roles: ['admin'] },
  { path: '/setup', text: 'Set-up', roles: ['admin'] },
  { path: '/flows/versions', text: 'Versions', roles: ['admin'] },
  { path: '/account', text: 'Account', withDashboard: true },
];

interface Place {
  readonly path: string;
  readonly text: string;
  readonly roles?: readonly Role[];
  /** Served on the port for the dashboard alone too. */
  readonly withDashboard?: true;
}

/**
 * A page with the bar that leads to the others.
 * @param here   its own path in the bar
 * @param scope  what the port serves by which the page was asked for: the bar leads nowhere else
 */
export function sheet(
  title: string,
  here: string,
  visitor: Visitor,
  formToken: string,
  content: Html,
  scope: Scope = 'everything',
): string {
  const { name, role, session } = visitor;
  const places = PLACES.filter(
    ({ roles, withDashboard }) => (roles?.includes(role) ?? true) && (scope === 'everything' || withDashboard === true),
  );
  return page(
    title,
    html`<header class="bar">
        ${brand}
        <nav aria-label="Pages">
          ${places.map(({ path, text }) => html`<a href="${path}" ${path === here ? html`aria-current="page"` : null}>${text}</a> `)}
        </nav>
        <form class="who" method="post" action="/sign-out">
          <span>${name} ${role === name ? null : html`<small>${role}</small>`}</span>
          ${session ? null : html`<strong class="practice">Practice data</strong>`}
          ${session ? html`${tokenField(formToken)}<button class="quiet">Sign out</button>` : null}
        </form>
      </header>
      <main class="sheet">
        <h1>${title}</h1>
        ${content}
      </main>`,
  );
}

export function tokenField(formToken: string): Html {
  return html`<input type="hidden" name="form" value="${formToken}" />`;
}

export function messageLine(message: Message | null): Html | null {
  if (!message) return null;
  const { tone, text, hint, secret } = message;
  return html`<div class="message ${tone}" role="${tone === 'bad' ? 'alert' : 'status'}">
    <p><strong>${text}</strong> ${hint ?? null}</p>
    ${
      secret
        ? html`<p class="secret"><span>${secret.label}</span> <code>${secret.value}</code></p>
            <p>It is shown this once. Hand it over safely; its owner can change it under Account.</p>`
        : null
    }
  </div>`;
}

const brand = html`<p class="brand">
  <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true" focusable="false">
    <rect x="2" y="2" width="20" height="20" rx="5" fill="currentColor" opacity="0.16" />
    <path d="M7 8h10M7 12h5M7 16h3" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    <path
      d="m13 16 2 2 4-5"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      fill="none"
    />
  </svg>
  <span>Billing Audit</span>
</p>`;

function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Billing Audit</title>
        <link rel="stylesheet" href="/sign-in/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}
