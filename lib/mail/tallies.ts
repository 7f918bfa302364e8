import { type Amount, parseAmount } from '../event';
import type { MailFrame, Tally } from './content';
import { counted, deltaText, oneLine, personText } from './words';

/** Lines that a mail gives to counts; what is left is summed up in a last one. */
const SHOWN = 60;

/**
 * All alerts of a mail by count: who, in which sheet, which column, how severe, and by how much the amounts moved.
 * Tallies of one person, sheet and column stand in one line, so that it reads as people think.
 */
export function tallyLines(tallies: readonly Tally[], aliases: MailFrame['columnAliases']): readonly string[] {
  const places = new Map<string, Tally[]>();
  for (const tally of tallies) {
    const place = JSON.stringify([tally.person?.toLowerCase(), tally.sheet_id, tally.column_name, tally.currency]);
    places.set(place, [...(places.get(place) ?? []), tally]);
  }
  const merged = [...places.values()].sort((left, right) => total(right) - total(left));
  const lines = merged.slice(0, SHOWN).map((place) => lineOf(place, aliases));
  const left = merged.slice(SHOWN);
  const hidden = left.reduce((sum, place) => sum + total(place), 0);
  return hidden > 0 ? [...lines, `${counted(hidden, 'alert')} in ${counted(left.length, 'more place')}`] : lines;
}

function lineOf(place: readonly Tally[], aliases: MailFrame['columnAliases']): string {
  const [first] = place;
  if (!first) return '';
  const levels = (['HIGH', 'MEDIUM', 'LOW'] as const)
    .map((severity) => [severity, total(place.filter((tally) => tally.severity === severity))] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`);
  if (first.sheet_id === null)
    return `${counted(total(place), 'notice')} about the watch itself (${levels.join(', ')})`;
  const column = first.column_name === null ? '' : `${oneLine(first.column_name, 60)}, `;
  const delta = deltaText(
    deltaOf(place),
    { column_name: first.column_name, currency: first.currency ?? 'USD' },
    aliases,
  );
  const moved = delta === null ? '' : `; ${delta} in all`;
  return `${counted(total(place), 'change')} by ${personText(first.person)}: ${column}sheet ${oneLine(first.sheet_name || first.sheet_id, 60)} (${levels.join(', ')}${moved})`;
}

function total(place: readonly Tally[]): number {
  return place.reduce((sum, { count }) => sum + count, 0);
}

function deltaOf(place: readonly Tally[]): string | null {
  const amounts = place.map(({ delta }) => parseAmount(delta)).filter((amount): amount is Amount => amount !== null);
  const [first, ...others] = amounts;
  return first ? others.reduce((sum, amount) => sum.plus(amount), first).toFixed() : null;
}
