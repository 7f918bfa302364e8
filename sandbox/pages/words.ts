import { displayText } from '../office/values';
import { html, type Markup } from './html';
import type { CellContent, Column } from '../office/types';

/** `2011-01-18 10:17:00 UTC`. */
export function moment(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** What a cell shows; an empty one says so. */
export function cellWords(content: CellContent | undefined): Markup {
  if (content === undefined || content.value === null) return html`<span class="nothing">empty</span>`;
  if (typeof content.value === 'boolean') return html`<span>${content.value ? 'yes' : 'no'}</span>`;
  return html`<span>${displayText(content)}</span>`;
}

/** Numbers stand on the right: a column is one of numbers when the first filled cell among these is. */
export function columnAlignment(column: Column, contents: readonly (CellContent | undefined)[]): 'number' | '' {
  const filled = contents.find((content) => content !== undefined && content.value !== null);
  return !column.primary && typeof filled?.value === 'number' ? 'number' : '';
}
