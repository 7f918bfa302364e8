import type { Http, Now, Random, Sleep } from '../../lib/ports';
import type { Values } from './env-file';

/** What has been decided so far; nothing of it is written before the end. */
export interface Draft {
  /** Environment variables. Empty or absent = not set. */
  readonly values: Values;
  /** "Other column names" of Billing settings, as its form takes them. */
  readonly columnAliases: string;
}

/** What a step needs of the outside. */
export interface Tools {
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export interface Question {
  /** Also its key in an answers file and in a form. */
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly kind: 'text' | 'secret' | 'yes-no' | 'some-of';
  /** What holds now, or is suggested; of a secret only what may be shown. */
  readonly present: string;
  /** True when `present` is a guess of ours that nobody has confirmed. */
  readonly suggested?: boolean;
  /** What can be chosen; of `some-of` by number, name or value, else as proposals. */
  readonly options?: readonly Option[];
  /** Of `some-of`: at most one makes sense. */
  readonly single?: boolean;
}

/** By a question's name. Null or absent keeps what is there; empty takes it away. */
export type Answers = Readonly<Record<string, string | null | undefined>>;

export interface Finding {
  readonly tone: 'good' | 'note';
  readonly text: string;
}

export interface Checked {
  readonly draft: Draft;
  readonly findings: readonly Finding[];
}

/** One part of the set-up: asks, checks for real, explains. Knows neither terminal nor page. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** One or two sentences above the questions. */
  readonly explain: string;
  /** Why there is nothing to ask now; null when there is. */
  skip?(draft: Draft): string | null;
  /** @throws BillingAuditError  when what it asks Smartsheet for is refused */
  questions(draft: Draft, tools: Tools): Promise<readonly Question[]>;
  /** @throws BillingAuditError  saying what is wrong with the answers; the draft then stands as it was */
  check(answers: Answers, draft: Draft, tools: Tools): Promise<Checked>;
}

/** A variable of the draft; '' when it is not set. */
export function valueOf({ values }: Draft, name: string): string {
  return (values[name] ?? '').trim();
}

/** An answer, or what holds when it keeps that. */
export function answered(answers: Answers, name: string, present: string): string {
  return (answers[name] ?? present).trim();
}

export function withValues(draft: Draft, values: Values): Draft {
  return { ...draft, values: { ...draft.values, ...values } };
}

export function good(text: string): Finding {
  return { tone: 'good', text };
}

export function note(text: string): Finding {
  return { tone: 'note', text };
}

/** That a secret is there, and enough of it to tell two apart. */
export function masked(secret: string): string {
  if (secret === '') return '';
  return secret.length >= 16 ? `set, ends in ${secret.slice(-4)}` : 'set';
}
