import { BadSetting } from '../../../lib/errors';
import { listSheets, SmartsheetRefused } from '../../../lib/smartsheet';
import { chosenFrom } from '../choose';
import { chosenSheets, hasToken, smartsheetOf } from '../smartsheet';
import { good, note, withValues, type Option, type Step } from '../step';

const SHEETS = 'SMARTSHEET_SHEETS';
const SHEET_ID = /^\d{10,20}$/u;
/** Smartsheet's own limit for webhooks on one sheet (reference §2). */
const MOST_ROWS = 20_000;

/** Which sheets are watched. */
export const sheetsStep: Step = {
  name: 'sheets',
  title: 'Sheets',
  explain: 'Every change in these sheets is recorded, by whomever it was made.',
  skip: (draft) => (hasToken(draft) ? null : 'There is no token yet, so no sheet can be seen.'),
  async questions(draft, tools) {
    const listed = await listSheets(smartsheetOf(draft, tools).exchange);
    const present = chosenSheets(draft);
    const unlisted = present.filter((id) => !listed.some((sheet) => sheet.id === id));
    const options: Option[] = [
      ...listed.map(({ id, name, workspace }) => ({ value: id, label: workspace ? `${name} (${workspace})` : name })),
      ...unlisted.map((id) => ({ value: id, label: `${id} (not seen by this account)` })),
    ];
    return [
      {
        name: 'sheets',
        label: 'Sheets to watch',
        hint: 'One that is missing here has to be shared with the account first, at least as viewer.',
        kind: 'some-of',
        present: present.join(', '),
        options,
      },
    ];
  },
  async check(answers, draft, tools) {
    const { client, exchange } = smartsheetOf(draft, tools);
    const listed = await listSheets(exchange);
    const options = listed.map(({ id, name }) => ({ value: id, label: name }));
    const text = answers['sheets'] ?? chosenSheets(draft).join(',');
    const chosen = chosenFrom(text, options, { field: SHEETS, free: SHEET_ID });
    if (chosen.length === 0) {
      const hint = listed.length === 0 ? NOTHING_SHARED : 'Choose at least one sheet.';
      throw new BadSetting(SHEETS, 'names no sheet', hint);
    }
    const findings = [];
    for (const id of chosen) {
      const { name, totalRowCount } = await readOr(client.sheetFacts(id), id);
      const rows = totalRowCount ?? 0;
      findings.push(
        rows > MOST_ROWS
          ? note(`${name}: ${rows} rows. Smartsheet has no webhooks for more than 20,000; it is watched by polling.`)
          : good(`${name}: can be read, ${rows} rows.`),
      );
    }
    return { draft: withValues(draft, { [SHEETS]: chosen.join(',') }), findings };
  },
};

const NOTHING_SHARED =
  'This account sees no sheet: share the billing sheets with it in Smartsheet, at least as viewer.';

async function readOr<Facts>(reading: Promise<Facts>, id: string): Promise<Facts> {
  try {
    return await reading;
  } catch (refusal) {
    if (!(refusal instanceof SmartsheetRefused) || refusal.isAboutToken) throw refusal;
    throw new BadSetting(
      SHEETS,
      `names ${id}, which this account cannot read`,
      'Check the id (File > Properties in Smartsheet) and share the sheet with the account, at least as viewer.',
    );
  }
}
