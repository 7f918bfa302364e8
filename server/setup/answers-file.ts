import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BadSetting, messageOf } from '../../lib/errors';
import type { Answers } from './step';

const text = z.string().nullish();

const answersFile = z.strictObject({
  token: text,
  apiBase: text,
  sheets: z.union([z.array(z.union([z.string(), z.number()]).transform(String)), z.string()]).nullish(),
  /** By the title that the rules use. */
  columns: z.record(z.string(), z.string()).optional(),
  home: text,
  smtpUrl: text,
  alertFrom: text,
  alertTo: text,
  sendTestMail: z.boolean().optional(),
  publicUrl: text,
});

/**
 * Answers to all steps out of a JSON file, by the names of the questions; what is absent keeps what is there.
 * @param file  `-` reads standard input
 * @throws BadSetting  naming what cannot be used
 */
export function readAnswers(file: string): Answers {
  const name = '--answers';
  const hint = `Give a JSON object with any of: ${Object.keys(answersFile.shape).join(', ')}.`;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (thrown) {
    throw new BadSetting(name, `cannot be read (${messageOf(thrown)})`, hint);
  }
  const parsed = answersFile.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => [...path, message].join(': '));
    throw new BadSetting(name, `holds something that is no answer (${problems.join('; ')})`, hint);
  }
  const { sheets, columns = {}, sendTestMail, ...texts } = parsed.data;
  const sheetList = Array.isArray(sheets) ? sheets.join(',') : sheets;
  return {
    ...texts,
    sheets: sheetList,
    ...(sendTestMail === undefined ? {} : { sendTestMail: sendTestMail ? 'yes' : 'no' }),
    ...Object.fromEntries(Object.entries(columns).map(([title, theirs]) => [`column:${title}`, theirs])),
  };
}
