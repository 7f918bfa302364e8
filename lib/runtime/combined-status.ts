import type { Status } from '../define/node';

const WORST_FIRST: readonly Status['state'][] = ['error', 'warning', 'working', 'waiting', 'off', 'ok'];

/** One line for all sheets of a node: what is worst, else how many are watched. */
export function combined(statuses: readonly Status[], overdue: number): Status {
  const worst = WORST_FIRST.flatMap((state) => statuses.filter((status) => status.state === state))[0];
  if (worst?.state === 'error') return withShare(worst, statuses);
  if (overdue > 0) return { state: 'warning', text: `${overdue} changes wait to be recorded` };
  return worst ? withShare(worst, statuses) : { state: 'off', text: 'no sheet' };
}

function withShare(worst: Status, statuses: readonly Status[]): Status {
  if (statuses.length === 1) return worst;
  const same = statuses.filter(({ state, text }) => state === worst.state && text === worst.text).length;
  return { state: worst.state, text: `${worst.text} (${same} of ${statuses.length} sheets)` };
}
