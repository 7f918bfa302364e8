import { BillingAuditError } from '../../../lib/errors';
import { lookForFirstChange } from '../first-change';
import { plannedChanges, presentDraft, saveSetup, STEPS, type Saved, type SetupPlace } from '../setup';
import type { Answers, Draft, Finding, Step, Tools } from '../step';
import { isYes } from '../steps/mail';
import { wayOut } from '../way-out';
import { askQuestion } from './ask';
import { InputEnded, type Terminal } from './terminal';

const LOOK_EVERY_MILLISECONDS = 1_000;

/**
 * The set-up as a talk on a terminal. Writes once, at the end, after showing what.
 * @returns what was written; null when nothing had to be
 * @throws InputEnded  when nobody answers any more; nothing is written then
 * @throws EnvFileDamaged, EnvFileNotWritable, FlowUnreadable
 */
export async function runWizard(terminal: Terminal, place: SetupPlace, tools: Tools): Promise<Saved | null> {
  const before = presentDraft(place);
  terminal.print('Billing Audit set-up. Enter keeps what stands in [brackets], - takes it away.');
  terminal.print('Nothing is written before the last question.');
  let draft = before;
  for (const [index, step] of STEPS.entries()) {
    terminal.print(`\n${index + 1} of ${STEPS.length}  ${step.title}`);
    draft = await takeStep(terminal, step, draft, tools);
  }
  const saved = await review(terminal, place, before, draft);
  await waitForFirstChange(terminal, draft, tools);
  return saved;
}

async function takeStep(terminal: Terminal, step: Step, draft: Draft, tools: Tools): Promise<Draft> {
  const reason = step.skip?.(draft) ?? null;
  if (reason !== null) {
    terminal.print(`  ${reason}`);
    return draft;
  }
  terminal.print(`  ${step.explain}\n`);
  for (;;) {
    try {
      const answers: Record<string, string | null> = {};
      for (const question of await step.questions(draft, tools)) {
        answers[question.name] = await askQuestion(terminal, question);
      }
      const checked = await step.check(answers as Answers, draft, tools);
      for (const finding of checked.findings) terminal.print(lineOf(finding));
      return checked.draft;
    } catch (thrown) {
      if (!(thrown instanceof BillingAuditError) || thrown instanceof InputEnded) throw thrown;
      terminal.print(`\n  !   ${thrown.message}\n      ${wayOut(thrown)}\n`);
      const line = await terminal.ask('  Enter tries again, k leaves this as it is, q ends without writing: ');
      if (/^q/iu.test(line)) throw new InputEnded();
      if (/^k/iu.test(line)) return draft;
    }
  }
}

async function review(terminal: Terminal, place: SetupPlace, before: Draft, draft: Draft): Promise<Saved | null> {
  const planned = plannedChanges(before, draft);
  if (planned.length === 0) {
    terminal.print(`\nNothing has changed; ${place.envPath} stays as it is.`);
    return null;
  }
  terminal.print(`\nTo be written to ${place.envPath}:`);
  for (const { name, before: old, after } of planned) {
    terminal.print(
      `  ${name.padEnd(24)} ${after === '' ? '(taken away)' : after}${old === '' ? '' : `  (was: ${old})`}`,
    );
  }
  if (!(await agreed(terminal))) throw new InputEnded();
  const saved = saveSetup(place, before, draft);
  terminal.print(savedText(saved));
  return saved;
}

async function agreed(terminal: Terminal): Promise<boolean> {
  for (;;) {
    const line = await terminal.ask('Write it? [yes]: ');
    try {
      return line === '' || isYes(line);
    } catch {
      terminal.print('Answer yes or no.');
    }
  }
}

/** What was written where, and what is left to a person. */
export function savedText({ file, backup, overruled, columns }: Saved): string {
  return [
    `Written: ${file}${backup === null ? '' : ` (what was there: ${backup})`}`,
    ...overruled.map((name) => `${name} is set in the environment too, which wins over the file: take it out there.`),
    ...(columns?.kind === 'written' ? [`Column names: in Billing settings of the flow, ${columns.file}`] : []),
    ...(columns?.kind === 'to-enter'
      ? [
          `Column names have to be entered by hand, since ${columns.why}.`,
          `In the editor open Billing settings, enter under "Other column names": ${columns.text}`,
          'and deploy.',
        ]
      : []),
    'It holds from the next start of the server.',
  ].join('\n');
}

async function waitForFirstChange(terminal: Terminal, draft: Draft, { http, sleep }: Tools): Promise<void> {
  terminal.print(
    '\nThe first change. Start the server in another window, then change a cell; Enter skips the waiting.',
  );
  const skipped = new AbortController();
  const entered = terminal.enter().then(() => skipped.abort());
  let progress = await lookForFirstChange(draft, http, null);
  let before = progress.recorded;
  let shown = '';
  while (!skipped.signal.aborted && progress.state !== 'seen') {
    if (progress.text !== shown) terminal.progress(`  ${progress.text}`);
    shown = progress.text;
    await Promise.race([entered, sleep(LOOK_EVERY_MILLISECONDS, skipped.signal).catch(() => undefined)]);
    if (!skipped.signal.aborted) progress = await lookForFirstChange(draft, http, before);
    before ??= progress.recorded;
  }
  if (progress.state === 'seen') terminal.progress(`  ok  ${progress.text}`);
  terminal.print('\nbilling-audit doctor says at any time how everything stands.');
}

function lineOf({ tone, text }: Finding): string {
  return `  ${tone === 'good' ? 'ok  ' : 'note'} ${text}`;
}
