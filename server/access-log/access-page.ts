import { KIND_WORDS, KINDS_OF, type AccessEvent, type AccessGroup } from '../../lib/access';
import type { AccessOverview, AccessPage } from '../../lib/store';
import type { Scope, Visitor } from '../sign-in';
import { html, sheet, timeOfDay, type Html } from '../sign-in/pages';

/** What is shown of the log. */
export interface AccessView {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly scope: Scope;
  /** IANA name. */
  readonly timeZone: string;
  readonly days: number;
  readonly group: AccessGroup | 'all';
  readonly text: string;
  /** Whose events alone; empty: everybody's. */
  readonly person: string;
  /** Null: the store is not open, and why. */
  readonly found: { readonly overview: AccessOverview; readonly page: AccessPage } | null;
  readonly trouble: string | null;
  /** Not the first page. */
  readonly isFurther: boolean;
}

const GROUPS: Readonly<Record<AccessGroup | 'all', string>> = {
  all: 'All but where changes came from',
  sign_ins: 'Sign-ins',
  failed: 'Failed and refused',
  sessions: 'Sessions that ended',
  people: 'People and groups',
  administration: 'Deploys, modules, settings, commands',
  shares: 'Shares',
  exports: 'Exports',
  deletions: 'Deletions',
  tokens: 'Access tokens',
  origins: 'Where changes came from',
  other: 'Other',
};
export const DAYS: readonly number[] = [1, 7, 30, 90];

export function isGroup(text: unknown): text is AccessGroup | 'all' {
  return typeof text === 'string' && Object.hasOwn(GROUPS, text);
}

export function accessPage(view: AccessView): string {
  const { visitor, formToken, scope, found, trouble } = view;
  const content = found
    ? html`${readersSection(found.overview, view)} ${summary(found.overview)} ${peopleSection(found.overview, view)}
      ${eventsSection(found.page, view)}`
    : html`<div class="message bad" role="alert">
        <p><strong>${trouble ?? 'The log cannot be read.'}</strong></p>
      </div>`;
  return sheet('Access', '/access', visitor, formToken, html`${filter(view)} ${content}`, scope);
}

function filter({ days, group, text, person }: AccessView): Html {
  return html`<section>
    <form method="get" action="/access" class="inline">
      <label
        >Days
        <select name="days">
          ${DAYS.map((each) => option(String(each), String(each), each === days))}
        </select></label
      >
      <label
        >Kind
        <select name="kind">
          ${Object.entries(GROUPS).map(([value, label]) => option(value, label, value === group))}
        </select></label
      >
      <label>Person <input name="person" value="${person}" placeholder="all" maxlength="200" /></label>
      <label>Text <input name="text" value="${text}" placeholder="a node, an address" /></label>
      <button class="main">Show</button>
    </form>
  </section>`;
}

function option(value: string, label: string, isChosen: boolean): Html {
  return html`<option value="${value}" ${isChosen ? html`selected` : null}>${label}</option>`;
}

/** What is not read is said before what was: silence must not be taken for nothing. */
function readersSection({ readers }: AccessOverview, { timeZone }: AccessView): Html {
  if (readers.length === 0) {
    return html`<p class="fine">
      Smartsheet is not read for sign-ins: deploy an Access Log node with a Smartsheet credential. What follows is of
      this server alone.
    </p>`;
  }
  return html`${readers.map(({ state, why, read_at }) =>
    state === 'ok'
      ? html`<p class="fine">Smartsheet's Event Reporting was read ${timeOfDay(Date.parse(read_at), timeZone)}.</p>`
      : html`<div class="message bad" role="status">
          <p><strong>${why}</strong></p>
        </div>`,
  )}`;
}

function summary({ counts }: AccessOverview): Html {
  const told = (group: AccessGroup): number =>
    KINDS_OF[group].reduce((sum: number, kind) => sum + (counts[kind] ?? 0), 0);
  const shown = ['sign_ins', 'failed', 'administration', 'people', 'shares', 'exports', 'deletions'] as const;
  return html`<section>
    <h2>In this time</h2>
    <ul class="tally">
      ${shown.map((group) => html`<li><strong>${told(group)}</strong> ${GROUPS[group].toLowerCase()}</li>`)}
    </ul>
  </section>`;
}

function peopleSection({ people }: AccessOverview, view: AccessView): Html {
  const { timeZone } = view;
  if (people.length === 0)
    return html`<section>
      <h2>Who signed in</h2>
      <p>Nobody in this time.</p>
    </section>`;
  return html`<section>
    <h2>Who signed in</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">Sign-ins</th>
          <th scope="col">Failed</th>
          <th scope="col">Last</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        ${people.map(
          ({ person, sign_ins, failed, last_at, last_ip, addresses }) =>
            html`<tr>
              <td data-label="Person"><a href="${query({ ...view, person }, null)}">${person}</a></td>
              <td data-label="Sign-ins">${sign_ins}</td>
              <td data-label="Failed">${failed > 0 ? html`<mark>${failed}</mark>` : '0'}</td>
              <td data-label="Last">${last_at === null ? 'never' : timeOfDay(Date.parse(last_at), timeZone)}</td>
              <td data-label="From">
                <span class="whole">${last_ip ?? 'unknown'}</span
                >${addresses > 1 ? html` <small>and ${addresses - 1} more</small>` : null}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function eventsSection(page: AccessPage, view: AccessView): Html {
  if (page.events.length === 0) {
    return html`<section>
      <h2>What happened</h2>
      <p>Nothing of this kind in this time.</p>
    </section>`;
  }
  return html`<section>
    <h2>What happened</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Kind</th>
          <th scope="col">What</th>
          <th scope="col">From</th>
          <th scope="col">With</th>
        </tr>
      </thead>
      <tbody>
        ${page.events.map((event) => row(event, view))}
      </tbody>
    </table>
    <p>
      ${view.isFurther ? html`<a href="${query(view, null)}">Newest</a> ` : null}
      ${page.next === null ? null : html`<a href="${query(view, page.next)}">Older</a>`}
    </p>
  </section>`;
}

function row(event: AccessEvent, { timeZone }: AccessView): Html {
  const { happened_at, kind, happened, ip_address, device_info } = event;
  return html`<tr>
    <td data-label="When">${timeOfDay(Date.parse(happened_at), timeZone)}</td>
    <td data-label="Kind">${KIND_WORDS[kind]}</td>
    <td data-label="What"><div>${happened ?? 'Erased.'} ${nodesOf(event)}</div></td>
    <td data-label="From"><span class="whole">${ip_address ?? 'unknown'}</span></td>
    <td data-label="With">${device_info ?? 'unknown'}</td>
  </tr>`;
}

interface ToldChange {
  readonly kind?: unknown;
  readonly node?: { readonly type?: unknown; readonly name?: unknown; readonly flow?: unknown };
  readonly properties?: readonly { readonly name?: unknown; readonly before?: unknown; readonly after?: unknown }[];
}

/** Which nodes a deploy changed, and in which properties from what to what. Secrets are not in the log. */
function nodesOf({ kind, details }: AccessEvent): Html | null {
  const changes = kind === 'flows_deployed' ? (details['changes'] as readonly ToldChange[] | undefined) : undefined;
  if (!Array.isArray(changes) || changes.length === 0) return null;
  const told = changes as readonly ToldChange[];
  return html`<details>
    <summary>Which nodes</summary>
    <ul>
      ${told.slice(0, 50).map(({ kind: what, node = {}, properties = [] }) => {
        const name = typeof node.name === 'string' ? ` "${node.name}"` : '';
        const steps = what === 'changed' ? properties.slice(0, 20).map(stepOf) : [];
        return html`<li>
          ${String(what)} ${String(node.type)}${name}${steps.map((step) => html`<br /><small>${step}</small>`)}
        </li>`;
      })}
    </ul>
    ${told.length > 50 ? html`<p>and ${told.length - 50} more</p>` : null}
  </details>`;
}

function stepOf({ name, before, after }: NonNullable<ToldChange['properties']>[number]): string {
  return `${String(name)}: ${shortly(before)} → ${shortly(after)}`;
}

function shortly(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  if (value === null || value === undefined || text === '') return 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}

function query({ days, group, text, person }: AccessView, after: string | null): string {
  const asked = new URLSearchParams({
    days: String(days),
    kind: group,
    text,
    person,
    ...(after !== null && { after }),
  });
  return `/access?${asked.toString()}`;
}
