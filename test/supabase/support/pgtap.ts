import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** pgTAP is plain SQL: the file that its package carries for PGlite makes it in a PostgreSQL server as well. */
export function pgTapSql(): string {
  const archive = join(dirname(require.resolve('@electric-sql/pglite-pgtap')), 'pgtap.tar.gz');
  const tar = gunzipSync(readFileSync(archive));
  const file = fileIn(tar, /\/pgtap\.sql$/);
  if (file === null) throw new Error(`${archive} holds no pgtap.sql.`);
  return `create schema if not exists extensions; grant usage on schema extensions to public;
    set search_path = extensions, public; ${file}`;
}

/** One file out of a tar: headers of 512 bytes, contents padded to that. */
function fileIn(tar: Buffer, name: RegExp): string | null {
  for (let at = 0; at + 512 <= tar.length;) {
    const text = (from: number, length: number): string =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12).trim() || '0', 8);
    if (name.test(`/${text(0, 100)}`)) return tar.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return null;
}

export interface Tap {
  readonly ran: number;
  readonly failed: readonly string[];
  /** What `finish()` says of the plan; null: no plan was printed, so the file did not end. */
  readonly planned: number | null;
}

/** A statement may print a column of its own before the result. */
const RESULT = /^(?:[^|]*\|)?(?:not )?ok \d+/;

/** Reads what a file of pgTAP printed. */
export function readTap(lines: readonly string[]): Tap {
  const results = lines.filter((line) => RESULT.test(line));
  const plan = lines.map((line) => /^1\.\.(\d+)$/.exec(line)?.[1]).find((count) => count !== undefined);
  const failed = lines.filter((line) => /^(?:[^|]*\|)?not ok \d+/.test(line) || /^# /.test(line));
  const isWrong = results.some((line) => /^(?:[^|]*\|)?not ok/.test(line));
  return { ran: results.length, failed: isWrong ? failed : [], planned: plan === undefined ? null : Number(plan) };
}
