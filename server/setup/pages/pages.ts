import type { Visitor } from '../../sign-in';
import { html, messageLine, sheet, tokenField, type Html, type Message } from '../../sign-in/pages';
import type { WatchProgress } from '../first-change';
import { STEPS, type ColumnsSaved, type PlannedChange, type Saved } from '../setup';
import type { Finding, Question, Step } from '../step';
import { isSearchable, questionField } from './form';

export interface Frame {
  readonly visitor: Visitor;
  readonly formToken: string;
  readonly message: Message | null;
  readonly findings: readonly Finding[];
}

export interface StepView extends Frame {
  readonly step: Step;
  /** Null: it could not be asked; the message says why. */
  readonly questions: readonly Question[] | null;
  /** Why there is nothing to ask. */
  readonly skipped: string | null;
  readonly typed: Readonly<Record<string, string>>;
  readonly find: string;
}

/** One step: what it is for, its questions, and a way past it. */
export function stepPage(view: StepView): string {
  const { step, questions, skipped, formToken, find } = view;
  const next = nextOf(step.name);
  const search = questions?.find(isSearchable);
  return framed(
    view,
    step.name,
    html`<section>
      <h2>${step.title}</h2>
      <p>${skipped ?? step.explain}</p>
      ${search === undefined ? null : searchForm(step.name, find)}
      ${
        questions === null || skipped !== null
          ? null
          : html`<form method="post" action="/setup/${step.name}" class="stack wide">
              ${tokenField(formToken)} ${questions.length === 0 ? html`<p>Nothing is missing here.</p>` : null}
              ${questions.map((question) => questionField({ question, typed: view.typed[question.name], find }))}
              <p class="ways"><button class="main">Check and go on</button> <a href="/setup/${next}">Skip</a></p>
            </form>`
      }
      ${
        questions === null || skipped !== null
          ? html`<p class="ways"><a href="/setup/${step.name}">Look again</a> <a href="/setup/${next}">Go on</a></p>`
          : null
      }
    </section>`,
  );
}

export interface ReviewView extends Frame {
  readonly planned: readonly PlannedChange[];
  readonly file: string;
}

/** What would be written, before it is. */
export function reviewPage(view: ReviewView): string {
  const { planned, file, formToken } = view;
  const rows = planned.map(
    ({ name, before, after }) =>
      html`<tr>
        <td data-label="Setting"><code>${name}</code></td>
        <td data-label="Now">${before === '' ? 'not set' : before}</td>
        <td data-label="Then">${after === '' ? 'taken away' : after}</td>
      </tr>`,
  );
  return framed(
    view,
    'review',
    html`<section>
      <h2>Write it</h2>
      ${
        planned.length === 0
          ? html`<p>Nothing has changed; ${file} stays as it is.</p>
              <p class="ways"><a href="/setup/first-change">Wait for the first change</a></p>`
          : html`<p>This will be written to ${file}. What is there now is kept beside it.</p>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Setting</th>
                    <th scope="col">Now</th>
                    <th scope="col">Then</th>
                  </tr>
                </thead>
                <tbody>
                  ${rows}
                </tbody>
              </table>
              <form method="post" action="/setup/review" class="ways">
                ${tokenField(formToken)}<button class="main">Write it</button>
                <button class="quiet" name="act" value="forget">Forget it all</button>
              </form>`
      }
    </section>`,
  );
}

/** Waits for the first change; it loads itself again. */
export function watchPage(view: Frame & { readonly progress: WatchProgress; readonly practice: boolean }): string {
  const { progress, practice } = view;
  const restart = html`<p>
    This server still practises. Stop it with Ctrl+C and start it again; people sign in from then on, with the passwords
    that the new start shows. Then open this page again.
  </p>`;
  const afterwards =
    progress.state === 'seen'
      ? html`<p class="ways"><a href="/dashboard">Go to the dashboard</a></p>`
      : html`<p class="fine">This page looks again by itself every few seconds.</p>`;
  return framed(
    view,
    'first-change',
    html`<section>
      <h2>The first change</h2>
      ${
        practice
          ? restart
          : html`<p role="status"><strong>${progress.text}</strong></p>
              ${afterwards}`
      }
    </section>`,
  );
}

/** What was written, as a message for the next page. */
export function savedMessage({ file, backup, overruled, columns }: Saved): Message {
  const hints = [
    backup === null ? null : `What was there: ${backup}.`,
    ...overruled.map((name) => `${name} is set in the environment too, which wins over the file.`),
    columns === null ? null : columnsHint(columns),
    'It holds from the next start of the server.',
  ];
  return { tone: 'good', text: `Written to ${file}.`, hint: hints.filter((hint) => hint !== null).join(' ') };
}

function columnsHint(columns: ColumnsSaved): string {
  if (columns.kind === 'written') return 'The column names are in Billing settings of the flow.';
  return `Enter the column names by hand, since ${columns.why}: in the editor, Billing settings, "Other column names": ${columns.text}`;
}

/** The step behind one; the last leads to the review. */
export function nextOf(name: string): string {
  return STEPS[STEPS.findIndex((step) => step.name === name) + 1]?.name ?? 'review';
}

const PLACES = [
  ...STEPS.map(({ name, title }) => ({ name, title })),
  { name: 'review', title: 'Write it' },
  { name: 'first-change', title: 'First change' },
];

function framed({ visitor, formToken, message, findings }: Frame, here: string, content: Html): string {
  const places = PLACES.map(
    ({ name, title }) =>
      html`<li><a href="/setup/${name}" ${name === here ? html`aria-current="step"` : null}>${title}</a></li>`,
  );
  return sheet(
    'Set-up',
    '/setup',
    visitor,
    formToken,
    html`<link rel="stylesheet" href="/setup/style.css" />
      <ol class="steps" aria-label="Steps">
        ${places}
      </ol>
      ${messageLine(message)} ${findings.length === 0 ? null : findingList(findings)} ${content}`,
  );
}

function findingList(findings: readonly Finding[]): Html {
  return html`<ul class="findings" role="status">
    ${findings.map(({ tone, text }) => html`<li class="${tone}"><b>${tone === 'good' ? 'OK' : 'Note'}</b> <span>${text}</span></li>`)}
  </ul>`;
}

function searchForm(name: string, find: string): Html {
  return html`<form method="get" action="/setup/${name}" class="inline search">
    <label>Search <input name="find" type="search" value="${find}" maxlength="100" /></label>
    <button class="quiet">Search</button>
  </form>`;
}

/** Beside the style sheet of all pages. */
export const setupStyle = `
.steps { display: flex; flex-wrap: wrap; gap: .35rem; list-style: none; margin: 0 0 1.25rem; padding: 0; counter-reset: step; }
.steps a { display: block; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: 999px; background: var(--paper);
  text-decoration: none; font-size: .9rem; counter-increment: step; }
.steps a::before { content: counter(step) " "; color: var(--soft); }
.steps a[aria-current] { background: var(--accent); color: var(--accent-ink); border-color: var(--accent); font-weight: 600; }
.steps a[aria-current]::before { color: inherit; }
.stack.wide { max-width: 44rem; grid-template-columns: minmax(0, 1fr); gap: .5rem; margin-top: 1rem; overflow-wrap: anywhere; }
.stack.wide .fine { margin-bottom: .75rem; }
.stack.wide select { width: 100%; }
.search { max-width: 44rem; margin-top: .5rem; }
.search label { flex: 1; }
.tick { display: flex; grid-template-columns: none; align-items: baseline; gap: .6rem; font-weight: 400; padding: .3rem 0; }
.tick input { width: 1.1rem; height: 1.1rem; min-height: 0; flex: none; margin: 0; transform: translateY(.15rem); accent-color: var(--accent); }
.tick small { color: var(--soft); font-size: .9rem; }
.list { border: 1px solid var(--line); border-radius: 8px; padding: .5rem 1rem; max-height: 22rem; overflow: auto; margin: 0; }
.list legend { font-weight: 550; font-size: .95rem; padding: 0 .3rem; }
.ways { align-items: center; }
.ways .quiet { border-color: var(--line); }
.findings { list-style: none; margin: 0 0 1.25rem; padding: .8rem 1.1rem; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
.findings li { display: flex; gap: .75rem; background: none; color: inherit; padding: .15rem 0; overflow-wrap: anywhere; }
.findings b { flex: 0 0 2.5rem; }
.findings span { min-width: 0; }
.findings .good b { color: var(--good-ink); }
`;
