import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { BadSetting, BillingAuditError, messageOf } from '../../lib/errors';
import type { Now, Sleep } from '../../lib/ports';
import { readBackupNote, removeBackupNote, writeBackupNote } from '../../lib/runtime/backup-note';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { namedStore, StoreUnavailable } from '../../lib/store';
import { backup } from './backup';
import type { CopyingStore, CopySource } from './copies';

type Environment = Readonly<Record<string, string | undefined>>;

export interface BackupSettings {
  readonly folder: string;
  readonly keep: number;
}

const KEEP = 7;
const EVERY_HOURS = 24;
const AGAIN_HOURS = 1;
const LOOK_MILLISECONDS = 60_000;

/** @returns null when no copies are wanted  @throws BadSetting */
export function readBackupSettings(environment: Environment): BackupSettings | null {
  const folder = environment['BACKUP_DIR']?.trim() ?? '';
  if (folder === '') return null;
  if (!isAbsolute(folder)) {
    const why = `is "${folder}", which depends on where the server was started`;
    throw new BadSetting('BACKUP_DIR', why, 'Write the whole path.');
  }
  return { folder, keep: keepOf(environment) };
}

export function keepOf(environment: Environment): number {
  const text = environment['BACKUP_KEEP']?.trim() ?? '';
  const keep = text === '' ? KEEP : Number(text);
  if (Number.isInteger(keep) && keep >= 1) return keep;
  throw new BadSetting('BACKUP_KEEP', `is "${text}", which is no number of copies`, 'Write a whole number from 1 on.');
}

export interface NightlyOptions {
  readonly settings: BackupSettings;
  readonly home: string;
  readonly environment: Environment;
  readonly assets: string;
  /** The program of this command line: a copy is opened in a process of its own. */
  readonly program: string;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly say: (level: 'info' | 'error', message: string) => void;
}

/** Makes a copy each night, and says on `/health`, in the log and to `doctor` how it went. @returns what ends it */
export function startNightly(options: NightlyOptions): { stop(): Promise<void> } {
  const { home, settings, now } = options;
  const known = readBackupNote(home);
  const fresh = {
    good_at: null,
    copy: null,
    events: null,
    tried_at: null,
    why: null,
    since: new Date(now()).toISOString(),
  };
  writeBackupNote(home, { ...fresh, ...known, folder: settings.folder });
  const ending = new AbortController();
  const running = watch(options, ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

/** No copies are wanted: nothing says that they are missing. */
export function withoutNightly(home: string): void {
  removeBackupNote(home);
}

async function watch(options: NightlyOptions, signal: AbortSignal): Promise<void> {
  const { home, now, sleep, say } = options;
  while (!signal.aborted) {
    if (isDue(readBackupNote(home), now())) {
      await once(options).then(
        (text) => say('info', text),
        (thrown: unknown) => say('error', inWords(thrown)),
      );
    }
    await sleep(LOOK_MILLISECONDS, signal).catch(() => undefined);
  }
}

/** A day after the last good one; an hour after one that failed. The first as soon as the server is up. */
export function isDue(note: ReturnType<typeof readBackupNote>, now: number): boolean {
  if (note === null || note.tried_at === null) return true;
  const hours = note.why === null ? EVERY_HOURS : AGAIN_HOURS;
  return now - Date.parse(note.tried_at) >= hours * 3_600_000;
}

async function once(options: NightlyOptions): Promise<string> {
  const { settings, program } = options;
  const source = sourceOf(options);
  const check = async (copy: string): Promise<number> => {
    const { events } = JSON.parse(await run(program, ['backup', '--check', copy, '--json'])) as { events: number };
    return events;
  };
  const { copy, events } = await backup(source, { ...options, ...settings, check });
  return `A copy with ${events} events was made, opened and verified: ${copy}.`;
}

function sourceOf({ home, environment }: NightlyOptions): CopySource {
  const named = namedStore(environment);
  if (named.kind === 'postgres') return { databaseUrl: named.url };
  const driver = openHomeAt(home)?.inside?.driver ?? null;
  if (driver !== null && 'copyTo' in driver) return { store: driver as unknown as CopyingStore };
  throw new StoreUnavailable('it is not open yet, or is not one that this server can copy', {
    hint: 'A Supabase project that is reached by its API is backed up by Supabase, or by "billing-audit backup --database-url".',
  });
}

function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, wrong] = ['', ''];
    child.stdout.on('data', (text) => void (out += String(text)));
    child.stderr.on('data', (text) => void (wrong += String(text)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(wrong.trim() || `it ended with ${code}`)),
    );
  });
}

function inWords(thrown: unknown): string {
  const hint = thrown instanceof BillingAuditError ? ` ${thrown.hint}` : '';
  return `Tonight's copy failed: ${messageOf(thrown)}${hint}`;
}
