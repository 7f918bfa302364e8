import type { ArchivedMonth } from './store';

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

/** A sentence for whoever searched: what is not among what was found, and where it is. */
export function archivedInWords({ month, file }: Pick<ArchivedMonth, 'month' | 'file'>): string {
  const [year = '', number = ''] = month.split('-');
  const name = MONTHS[Number(number) - 1] ?? number;
  return `${name} ${year} is archived in ${file}: changes recorded in that month are not shown here.`;
}
