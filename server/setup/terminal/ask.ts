import type { Option, Question } from '../step';
import type { Terminal } from './terminal';

const MOST_SHOWN = 20;

/**
 * Asks one question.
 * @returns null when Enter keeps what is there; '' when `-` takes it away
 * @throws InputEnded
 */
export async function askQuestion(terminal: Terminal, question: Question): Promise<string | null> {
  const { label, hint, kind, present, suggested, options = [] } = question;
  terminal.print(`  ${hint}`);
  if (options.length > 0) {
    showOptions(terminal, options, options.slice(0, MOST_SHOWN));
    terminal.print('  Numbers of the list or names, with commas between them; "all" takes all.');
  }
  const bracket = present === '' ? '' : suggested ? ` [probably: ${present}]` : ` [${present}]`;
  for (;;) {
    const line = await terminal.ask(`  ${label}${bracket}: `, kind === 'secret');
    if (options.length === 0 || !line.startsWith('?')) return line === '' ? null : line === '-' ? '' : line;
    const word = line.slice(1).trim().toLowerCase();
    const found = options.filter((option) => option.label.toLowerCase().includes(word));
    terminal.print(found.length === 0 ? `  Nothing is called like "${word}".` : '');
    showOptions(terminal, options, found.slice(0, MOST_SHOWN));
  }
}

/** Numbers are those of the whole list, so that they hold after a search too. */
function showOptions(terminal: Terminal, all: readonly Option[], shown: readonly Option[]): void {
  for (const option of shown) terminal.print(`  ${String(all.indexOf(option) + 1).padStart(4)}  ${option.label}`);
  if (shown.length < all.length) {
    terminal.print(`        ${shown.length} of ${all.length} are shown; ?word searches, for example ?billing`);
  }
}
