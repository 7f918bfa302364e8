import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';

/** What Node-RED's `adminAuth` takes; the editor and its API then ask who you are. */
export interface EditorAccount {
  readonly username: string;
  readonly passwordHash: string;
  /** Only when it has just been made: to be shown once, and kept nowhere. */
  readonly newPassword?: string;
}

/** Reads the editor's account of a home, or makes one on the first start. */
export function editorAccount(home: string): EditorAccount {
  const file = join(home, 'keys', 'editor-account.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as EditorAccount;
  const newPassword = randomBytes(15).toString('base64url');
  const account = { username: 'admin', passwordHash: hashSync(newPassword, 10) };
  writeFileSync(file, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  return { ...account, newPassword };
}
