import { BadSetting } from '../../../lib/errors';
import { completeSettings } from '../../../lib/settings';
import { chosenFrom } from '../choose';
import { missingColumns, type MissingColumn, type SheetColumns } from '../column-match';
import { chosenSheets, hasToken, smartsheetOf } from '../smartsheet';
import { good, note, type Draft, type Finding, type Step, type Tools } from '../step';

const PREFIX = 'column:';
/** No title is taken unseen: what is not in the sheets is refused. */
const NOTHING_ELSE = /^\b$/u;

/** Where the columns that the rules look at are, when a sheet spells them otherwise. */
export const columnsStep: Step = {
  name: 'columns',
  title: 'Columns',
  explain:
    'Five columns are looked at: work request, quantity, both prices and the logged date. Where a sheet calls one ' +
    'otherwise, say how; it is kept in "Other column names" of Billing settings.',
  skip(draft) {
    if (!hasToken(draft)) return 'There is no token yet, so no column can be seen.';
    return chosenSheets(draft).length === 0 ? 'No sheet has been chosen yet.' : null;
  },
  async questions(draft, tools) {
    const missing = missingColumns(await columnsOf(draft, tools), aliasesOf(draft.columnAliases));
    return missing.map(({ title, sheets, candidates, likely }) => ({
      name: `${PREFIX}${title}`,
      label: `Which column is "${title}"?`,
      hint: `Not in ${namesOf(sheets)}. Empty: changes of it are not judged there.`,
      kind: 'some-of',
      present: likely.join(', '),
      suggested: likely.length > 0,
      single: sheets.length === 1,
      options: candidates.map((candidate) => ({ value: candidate, label: candidate })),
    }));
  },
  async check(answers, draft, tools) {
    const sheets = await columnsOf(draft, tools);
    const missing = missingColumns(sheets, aliasesOf(draft.columnAliases));
    refuseUnknown(answers, missing);
    const pairs = missing.flatMap((column) => pairsFor(column, answers[`${PREFIX}${column.title}`]));
    refuseTwice(pairs);
    const columnAliases = [draft.columnAliases.trim(), ...pairs.map(([theirs, ours]) => `${theirs} = ${ours}`)]
      .filter((part) => part !== '')
      .join(', ');
    const left = missingColumns(sheets, aliasesOf(columnAliases));
    return { draft: { ...draft, columnAliases }, findings: findingsFor(sheets, pairs, left) };
  },
};

type Pair = readonly [theirs: string, ours: string];

/** @throws BadSetting  when the present text of Billing settings cannot be read */
function aliasesOf(columnAliases: string): Readonly<Record<string, string>> {
  return completeSettings({ shared: { columnAliases } }).columnAliases;
}

async function columnsOf(draft: Draft, tools: Tools): Promise<readonly SheetColumns[]> {
  const { client } = smartsheetOf(draft, tools);
  const sheets: SheetColumns[] = [];
  for (const id of chosenSheets(draft)) {
    const { name, columns } = await client.sheetFacts(id);
    sheets.push({ id, name, titles: columns.map(({ title }) => title) });
  }
  return sheets;
}

function pairsFor({ title, candidates, likely }: MissingColumn, answer: string | null | undefined): readonly Pair[] {
  if (answer === null || answer === undefined) return likely.map((theirs) => [theirs, title]);
  const options = candidates.map((value) => ({ value, label: value }));
  const chosen = chosenFrom(answer, options, { field: title, free: NOTHING_ELSE });
  const unspeakable = chosen.find((theirs) => /[,=]/u.test(theirs));
  if (unspeakable === undefined) return chosen.map((theirs) => [theirs, title]);
  throw new BadSetting(title, `cannot be "${unspeakable}"`, 'Rename the column in Smartsheet without "," and "=".');
}

function refuseUnknown(answers: Parameters<Step['check']>[0], missing: readonly MissingColumn[]): void {
  const asked = new Set(missing.map(({ title }) => `${PREFIX}${title}`));
  const unknown = Object.keys(answers).find((name) => name.startsWith(PREFIX) && !asked.has(name));
  // A column that was named before is no longer missing: repeating the same answers is no mistake.
  if (unknown === undefined || aliasIsKnown(unknown)) return;
  throw new BadSetting(unknown.slice(PREFIX.length), 'is no column that the rules look at', 'Take the answer out.');
}

function aliasIsKnown(name: string): boolean {
  return completeSettings({}).trackedColumns.includes(name.slice(PREFIX.length));
}

function refuseTwice(pairs: readonly Pair[]): void {
  const twice = pairs.find(([theirs, ours]) => pairs.some(([same, other]) => same === theirs && other !== ours));
  if (twice === undefined) return;
  throw new BadSetting(twice[1], `and another column would both be "${twice[0]}"`, 'Name each column once.');
}

function findingsFor(
  sheets: readonly SheetColumns[],
  pairs: readonly Pair[],
  left: readonly MissingColumn[],
): readonly Finding[] {
  const count = `${sheets.length} ${sheets.length === 1 ? 'sheet' : 'sheets'}`;
  return [
    ...(left.length === 0 ? [good(`All five columns are known in ${count}.`)] : []),
    ...pairs.map(([theirs, ours]) => good(`"${theirs}" is read as "${ours}".`)),
    ...left.map(({ title, sheets: without }) =>
      note(`"${title}" is not in ${namesOf(without)}: its changes are recorded there, not judged.`),
    ),
  ];
}

function namesOf(sheets: readonly SheetColumns[]): string {
  const shown = sheets.slice(0, 3).map(({ name }) => `"${name}"`);
  return sheets.length > 3 ? `${shown.join(', ')} and ${sheets.length - 3} more` : shown.join(', ');
}
