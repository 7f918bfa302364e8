import { resolve } from 'node:path';
import { BadSetting } from '../../../lib/errors';
import { countsInWords } from '../../../lib/store';
import { lookIntoNamed } from '../../look-into-store';
import { answered, good, note, valueOf, withValues, type Draft, type Finding, type Step } from '../step';
import { freeBytes, proveWritable } from '../writable-folder';

const HOME = 'BILLING_AUDIT_HOME';
const SMALL_BYTES = 1024 ** 3;

/** The folder of a draft's home; relative ones begin where the server is started. */
export function homeOf(draft: Draft): string {
  return resolve(valueOf(draft, HOME) || '.billing-audit');
}

/** Where everything is kept. */
export const storeStep: Step = {
  name: 'store',
  title: 'Store',
  explain:
    'Everything is kept in one folder of this machine, with a database inside; nothing else has to be installed. ' +
    'Choose a disk that is backed up. Where .env names a database (DATABASE_URL, SUPABASE_URL), the trail is kept there.',
  async questions(draft) {
    return [
      {
        name: 'home',
        label: 'Folder',
        hint: 'Made when it is not there. Only the user that runs the server needs it.',
        kind: 'text',
        present: valueOf(draft, HOME) || './.billing-audit',
      },
    ];
  },
  async check(answers, draft) {
    const present = valueOf(draft, HOME);
    const given = answered(answers, 'home', present);
    if (/\0/u.test(given)) throw new BadSetting(HOME, 'is no folder', 'Write a path like ./.billing-audit.');
    const keep = given === '' || (present === '' && given === './.billing-audit');
    const next = keep && present === '' ? draft : withValues(draft, { [HOME]: given });
    const folder = homeOf(next);
    proveWritable(folder);
    const free = freeBytes(folder);
    const size = `${(free / 1024 ** 3).toFixed(1)} GB free`;
    const findings = [
      good(`${folder} can be written.`),
      free < SMALL_BYTES ? note(`Only ${size}.`) : good(`${size}.`),
      ...(await databaseFindings(draft)),
    ];
    return { draft: next, findings };
  },
};

/** The database that is named is opened for real: what is wrong with it is better told now than at the start. */
async function databaseFindings({ values }: Draft): Promise<readonly Finding[]> {
  const found = await lookIntoNamed(values);
  return found === null ? [] : [good(`${found.name} opens, with ${countsInWords(found.counts)}.`)];
}
