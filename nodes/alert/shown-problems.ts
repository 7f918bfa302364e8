import type { BesideField, SaidBeside } from '../../lib/define';
import { DEFAULT_FINDINGS_A_DAY, DEFAULT_RISK_FROM, shownOf } from '../../lib/alerts';
import type { alertFields } from './fields';

const TEXTS = {
  shown: 'At this setting __shown__ of __problems__ past problems would have been shown at once.',
  none: 'No past problem was marked yet. Once reviewers mark some, this says how many would have been shown.',
} as const;

/** Beside the number of findings a day: what it would have meant for the problems that reviewers confirmed, with the limits that stand in the dialog. */
export const shownProblems: BesideField<typeof alertFields> = {
  texts: TEXTS,
  tell: async ({ findingsADay, alertFrom, severityFrom }, { store, now }): Promise<SaidBeside<keyof typeof TEXTS>> => {
    const at = now();
    const setting = {
      findings_a_day: findingsADay ?? DEFAULT_FINDINGS_A_DAY,
      risk_from: alertFrom ?? DEFAULT_RISK_FROM,
      severity_from: severityFrom,
    };
    const { shown, problems } = shownOf(await store.promise(new Date(at).toISOString()), setting, at);
    return problems === 0 ? { key: 'none', facts: {} } : { key: 'shown', facts: { shown, problems } };
  },
};
