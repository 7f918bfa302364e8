import type { Command } from 'commander';

/**
 * The words of a call up to the first that names no command. Commander shows the help of the group where an unknown command
 * comes with --help, and says that all went well; without what follows it says which command is unknown and which is near.
 * @param words  of the command line, behind the program's name
 */
export function knownWords(program: Command, words: readonly string[]): readonly string[] {
  const rest = words[0] === 'help' ? words.slice(1) : words;
  let group = program;
  for (const [index, word] of rest.entries()) {
    if (group.commands.length === 0 || word.startsWith('-')) return words;
    const next = group.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next === undefined) return word === 'help' ? words : rest.slice(0, index + 1);
    group = next;
  }
  return words;
}
