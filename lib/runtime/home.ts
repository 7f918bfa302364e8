import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Where a home keeps what (DESIGN §5). All folders are for the owner alone. */
export interface Home {
  readonly folder: string;
  readonly store: string;
  readonly keys: string;
  /** Callbacks that are durable and not in the database yet. */
  readonly journal: string;
  /** Copies of the store: those before an upgrade, and nightly ones. */
  readonly backups: string;
  /** Says that a Runtime has this home open, and where its service key is. */
  readonly runtimeFile: string;
}

const FOLDERS = ['store', 'journal', 'keys', 'models', 'backups', 'reports', 'logs'];
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Makes the folders that are missing. Safe to repeat. */
export function openHome(folder: string): Home {
  for (const name of FOLDERS) mkdirSync(join(folder, name), { recursive: true, mode: OWNER_ONLY_FOLDER });
  return {
    folder,
    store: join(folder, 'store'),
    keys: join(folder, 'keys'),
    journal: join(folder, 'journal'),
    backups: join(folder, 'backups'),
    runtimeFile: join(folder, 'runtime.json'),
  };
}

/** The key with which local programs of the owner, the CLI above all, call the service; made when missing. */
export function serviceKey({ keys }: Pick<Home, 'keys'>): string {
  const file = join(keys, 'service.key');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: OWNER_ONLY_FILE, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}

/**
 * Tells this home from others that share a database with it; made when missing. It lies with the keys, which go along when
 * a home is moved, copied or restored: it is the same installation then.
 */
export function installationId({ keys }: Pick<Home, 'keys'>): string {
  const file = join(keys, 'installation');
  if (!existsSync(file)) writeFileSync(file, randomUUID(), { mode: OWNER_ONLY_FILE, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}

const runtimeNote = z.object({
  pid: z.number(),
  started_at: z.string(),
  address: z.string().nullable(),
  service_key_file: z.string(),
});

/** What `runtime.json` says. */
export type RuntimeNote = z.infer<typeof runtimeNote>;

export function writeRuntimeNote(
  home: Home,
  note: { readonly pid: number; readonly startedAt: string; readonly address: string | null },
): void {
  const text: RuntimeNote = {
    pid: note.pid,
    started_at: note.startedAt,
    address: note.address,
    service_key_file: join(home.keys, 'service.key'),
  };
  writeFileSync(home.runtimeFile, `${JSON.stringify(text, null, 2)}\n`, { mode: OWNER_ONLY_FILE });
  chmodSync(home.runtimeFile, OWNER_ONLY_FILE);
}

/** @returns null when no Runtime has written it, or what is there cannot be read */
export function readRuntimeNote(home: Pick<Home, 'runtimeFile'>): RuntimeNote | null {
  try {
    return runtimeNote.safeParse(JSON.parse(readFileSync(home.runtimeFile, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export function removeRuntimeNote(home: Home): void {
  rmSync(home.runtimeFile, { force: true });
}
