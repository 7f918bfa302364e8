import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { BadSetting, BillingAuditError, messageOf } from '../../lib/errors';
import { writePrivateFile } from '../sign-in/private-file';

/** Variables by name. */
export type Values = Readonly<Record<string, string>>;

/** What to set; null empties a variable and leaves its line where it is. */
export type Changes = Readonly<Record<string, string | null>>;

export interface EnvFile {
  readonly path: string;
  /** Null: there is none yet. */
  readonly text: string | null;
  readonly values: Values;
}

/** The file cannot be understood; changing it would guess at what it means. Nothing was written. */
export class EnvFileDamaged extends BillingAuditError {
  readonly code = 'env_file_damaged';
  readonly hint =
    'Correct that line by hand (NAME=value, or # before a comment), or move the file away to begin anew. Nothing was changed.';

  constructor(path: string, line: number, why: string) {
    super(`Line ${line} of ${path} ${why}.`, { path, line });
  }
}

export class EnvFileNotWritable extends BillingAuditError {
  readonly code = 'env_file_not_writable';
  readonly hint = 'Give this user the right to read and write it, or run the command in a folder where that is so.';

  constructor(path: string, cause: unknown) {
    super(`The file ${path} cannot be used: ${messageOf(cause)}.`, { path }, { cause });
  }
}

/** @throws EnvFileDamaged, EnvFileNotWritable */
export function readEnvFile(path: string): EnvFile {
  if (!existsSync(path)) return { path, text: null, values: {} };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new EnvFileNotWritable(path, thrown);
  }
  spansOf(text, path);
  return { path, text, values: valuesIn(text) };
}

/**
 * The file with some variables changed: every other line, comment and order stays as it is.
 * @throws EnvFileDamaged  when the result would not read back as meant
 */
export function changedText({ text, path }: EnvFile, changes: Changes): string {
  const before = text ?? HEADER;
  const ending = before.includes('\r\n') ? '\r\n' : '\n';
  const lines = before.split(/\r?\n/u);
  const spans = spansOf(before, path);
  const added: string[] = [];
  const edits: { readonly span: Span; readonly line: string }[] = [];
  for (const [name, value] of Object.entries(changes)) {
    const span = spans.findLast((each) => each.name === name);
    const written = `${name}=${value === null ? '' : quoted(name, value)}`;
    if (span) edits.push({ span, line: `${span.prefix}${written}${span.comment}` });
    else if (value !== null && value !== '') added.push(written);
  }
  for (const { span, line } of edits.sort((one, other) => other.span.from - one.span.from)) {
    lines.splice(span.from, span.to - span.from + 1, line);
  }
  const after = withAdded(lines, added, text !== null).join(ending);
  const meant = { ...valuesIn(before), ...withoutNull(changes) };
  const read = valuesIn(after);
  const wrong = Object.keys(meant).find((name) => (read[name] ?? '') !== (meant[name] ?? ''));
  if (wrong === undefined) return after;
  throw new EnvFileDamaged(path, 1, `cannot be changed without changing ${wrong} by accident`);
}

/**
 * Replaces the file, all or nothing, readable by its owner only; what was there goes beside it.
 * @param suffix  of the copy, for example `.before-setup`
 * @returns where the copy is; null when there was no file
 * @throws EnvFileNotWritable  and the old file is still there
 */
export function writeEnvFile({ path, text: before }: EnvFile, text: string, suffix: string): string | null {
  try {
    const real = existsSync(path) ? realpathSync(path) : path;
    const backup = before === null ? null : `${real}${suffix}`;
    if (backup !== null && before !== null) writePrivateFile(backup, before);
    writePrivateFile(real, text);
    return backup;
  } catch (thrown) {
    throw new EnvFileNotWritable(path, thrown);
  }
}

const HEADER =
  '# Settings of Billing Audit; .env.template explains each. Keep this file to yourself: it holds secrets.\n';
const ADDED = '# Written by billing-audit setup';

/** Where one variable stands: lines counted from 0, the last one included. */
interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Indentation and `export `. */
  readonly prefix: string;
  /** A comment behind an unquoted value, with the space before it. */
  readonly comment: string;
}

const ASSIGNMENT = /^(\s*(?:export\s+)?)([A-Za-z_][\w.-]*)\s*=[^\S\n]*(.*)$/u;

function spansOf(text: string, path: string): readonly Span[] {
  if (text.startsWith('\uFEFF')) {
    throw new EnvFileDamaged(path, 1, 'begins with a byte order mark, which hides its first variable');
  }
  const lines = text.split(/\r?\n/u);
  const spans: Span[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/[\0\uFFFD]/u.test(line)) throw new EnvFileDamaged(path, at + 1, 'is not plain text');
    if (/^\s*(?:#.*)?$/u.test(line)) continue;
    const [, prefix = '', name, value = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) throw new EnvFileDamaged(path, at + 1, 'is neither a comment nor NAME=value');
    const to = lastLineOf(lines, at, value, path);
    const comment = /^["'`]/u.test(value) ? '' : (/\s+#.*$/u.exec(value)?.[0] ?? '');
    spans.push({ name, from: at, to, prefix, comment });
    at = to;
  }
  return spans;
}

/** A quoted value may go over several lines. One that swallows another variable was not meant to. */
function lastLineOf(lines: readonly string[], from: number, value: string, path: string): number {
  const quote = /^["'`]/u.exec(value)?.[0];
  if (quote === undefined || value.indexOf(quote, 1) > 0) return from;
  for (let at = from + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^[A-Z][A-Z0-9_]*=/u.test(line)) break;
    if (line.includes(quote)) return at;
  }
  throw new EnvFileDamaged(path, from + 1, `has a quotation mark (${quote}) that nothing closes`);
}

/** The value in the first spelling that reads back as the same text. */
function quoted(name: string, value: string): string {
  const spellings = ['', "'", '"', '`'].map((quote) => `${quote}${value}${quote}`);
  const found = spellings.find((spelling) => valuesIn(`NAME=${spelling}\nNEXT=1\n`)['NAME'] === value);
  if (found !== undefined && !/[\r\n]/u.test(value)) return found;
  throw new BadSetting(
    name,
    'cannot be written into a .env file',
    'Take line breaks out of it, and one of the three kinds of quotation marks.',
  );
}

function withAdded(lines: readonly string[], added: readonly string[], existed: boolean): readonly string[] {
  if (added.length === 0) return lines;
  const kept = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  const heading = existed && !kept.includes(ADDED) ? ['', ADDED] : [];
  return [...kept, ...heading, ...added, ''];
}

function withoutNull(changes: Changes): Values {
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? '']));
}

/** As Node itself reads the file at the start. */
function valuesIn(text: string): Values {
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
}
