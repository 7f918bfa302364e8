import { html, type Html } from '../../sign-in/pages';
import type { Answers, Question } from '../step';

const MOST_LISTED = 200;
/** A list that is longer can be searched. */
const SEARCHABLE_FROM = 15;

export interface QuestionView {
  readonly question: Question;
  /** What was typed before; absent: what is present. */
  readonly typed: string | undefined;
  /** A part of the names to show. */
  readonly find: string;
}

/** One question as a part of a form, with a mark of its kind, so that the form can be read without asking again. */
export function questionField(view: QuestionView): Html {
  const { name, kind } = view.question;
  return html`<input type="hidden" name="asked" value="${kind}:${name}" /> ${fieldOf(view)}`;
}

/** Whether its list is worth a search field. */
export function isSearchable({ options = [], single }: Question): boolean {
  return !single && options.length >= SEARCHABLE_FROM;
}

/** The answers of a form that `questionField` made. */
export function answersIn(body: Readonly<Record<string, unknown>>): Answers {
  return Object.fromEntries(
    textsOf(body['asked']).map((asked) => {
      const at = asked.indexOf(':');
      const [kind, name] = [asked.slice(0, at), asked.slice(at + 1)];
      return [name, answerOf(kind, textsOf(body[name]), textsOf(body[`remove:${name}`]).length > 0)];
    }),
  );
}

function answerOf(kind: string, given: readonly string[], remove: boolean): string | null {
  if (kind === 'yes-no') return given.length > 0 ? 'yes' : 'no';
  if (kind === 'some-of') return given.filter((text) => text !== '').join(',');
  const [text = ''] = given;
  if (kind !== 'secret') return text;
  return remove ? '' : text === '' ? null : text;
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.filter((each): each is string => typeof each === 'string');
}

function fieldOf(view: QuestionView): Html {
  const { kind, single } = view.question;
  if (kind === 'secret') return secretField(view.question);
  if (kind === 'yes-no') return yesNoField(view);
  if (kind === 'some-of') return single ? selectField(view) : listField(view);
  return textField(view);
}

function hintId(name: string): string {
  return `hint-${name.replace(/[^\w-]+/gu, '-')}`;
}

function textField({ question: { name, label, hint, present }, typed }: QuestionView): Html {
  return html`<label
      >${label}
      <input
        name="${name}"
        value="${typed ?? present}"
        maxlength="2000"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        aria-describedby="${hintId(name)}"
    /></label>
    <p class="fine" id="${hintId(name)}">${hint}</p>`;
}

function secretField({ name, label, hint, present }: Question): Html {
  return html`<label
      >${label}
      <input
        name="${name}"
        type="password"
        maxlength="2000"
        autocomplete="off"
        placeholder="${present === '' ? '' : `Kept (${present})`}"
        aria-describedby="${hintId(name)}"
    /></label>
    <p class="fine" id="${hintId(name)}">${hint} ${present === '' ? null : 'Empty keeps what is there.'}</p>
    ${
      present === ''
        ? null
        : html`<label class="tick"><input type="checkbox" name="remove:${name}" /> Take it away</label>`
    }`;
}

function yesNoField({ question: { name, label, hint, present }, typed }: QuestionView): Html {
  const isYes = (typed ?? present) === 'yes';
  return html`<label class="tick"
    ><input type="checkbox" name="${name}" ${isYes ? html`checked` : null} />
    <span>${label} <small>${hint}</small></span></label
  >`;
}

function selectField({ question: { name, label, hint, present, options = [] }, typed }: QuestionView): Html {
  const chosen = typed ?? present;
  return html`<label
      >${label}
      <select name="${name}" aria-describedby="${hintId(name)}">
        <option value="">None of them</option>
        ${options.map(
          ({ value, label: text }) =>
            html`<option value="${value}" ${value === chosen ? html`selected` : null}>${text}</option>`,
        )}
      </select></label
    >
    <p class="fine" id="${hintId(name)}">${hint}</p>`;
}

/** What is chosen is always listed, whatever is searched for, so that it stays chosen. */
function listField({ question, typed, find }: QuestionView): Html {
  const { name, label, hint, present, options = [] } = question;
  const chosen = new Set((typed ?? present).split(',').map((text) => text.trim()));
  const word = find.trim().toLowerCase();
  const fitting = options.filter((each) => chosen.has(each.value) || each.label.toLowerCase().includes(word));
  const listed = fitting.filter(({ value }, index) => index < MOST_LISTED || chosen.has(value));
  return html`<fieldset class="list">
      <legend>${label}</legend>
      ${listed.length === 0 ? html`<p class="fine">Nothing to choose from.</p>` : null}
      ${listed.map(
        ({ value, label: text }) =>
          html`<label class="tick"
            ><input type="checkbox" name="${name}" value="${value}" ${chosen.has(value) ? html`checked` : null} />
            <span>${text}</span></label
          >`,
      )}
    </fieldset>
    <p class="fine">
      ${hint} ${listed.length < options.length ? `${listed.length} of ${options.length} are listed.` : null}
    </p>`;
}
