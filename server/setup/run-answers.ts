import { BillingAuditError } from '../../lib/errors';
import { presentDraft, saveSetup, STEPS, type Saved, type SetupPlace } from './setup';
import type { Answers, Finding, Tools } from './step';

export interface StepReport {
  readonly step: string;
  /** Why nothing was asked; null when something was. */
  readonly skipped: string | null;
  readonly findings: readonly Finding[];
}

/** A step that refused its answers; everything before it passed, nothing was written. */
export class StepRefused extends Error {
  constructor(
    readonly step: string,
    readonly refusal: BillingAuditError,
    readonly before: readonly StepReport[],
  ) {
    super(refusal.message, { cause: refusal });
  }
}

/**
 * The set-up without anybody to ask: every step is checked as in the wizard, and written only when all passed.
 * @throws StepRefused
 * @throws EnvFileDamaged, EnvFileNotWritable, FlowUnreadable
 */
export async function runAnswers(
  place: SetupPlace,
  answers: Answers,
  tools: Tools,
): Promise<{ readonly steps: readonly StepReport[]; readonly saved: Saved }> {
  const before = presentDraft(place);
  const steps: StepReport[] = [];
  let draft = before;
  for (const step of STEPS) {
    const skipped = step.skip?.(draft) ?? null;
    if (skipped !== null) {
      steps.push({ step: step.name, skipped, findings: [] });
      continue;
    }
    try {
      const checked = await step.check(answers, draft, tools);
      draft = checked.draft;
      steps.push({ step: step.name, skipped: null, findings: checked.findings });
    } catch (thrown) {
      if (!(thrown instanceof BillingAuditError)) throw thrown;
      throw new StepRefused(step.name, thrown, steps);
    }
  }
  return { steps, saved: saveSetup(place, before, draft) };
}
