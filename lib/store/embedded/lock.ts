import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { codeOf } from '../error-code';
import { StoreLocked } from '../store-errors';

/** Who holds the lock; the content of the lock file. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  /** When that process began, as the system counts it: tells a process from a later one with the same number. */
  readonly began: string | null;
  readonly token: string;
}

export interface Lock {
  /** Says that this process is alive. False when somebody took the lock away: then writing must stop. */
  beat(): boolean;
  release(): void;
}

/** A holder on another host (a shared folder, a container that is gone) counts as dead after this silence. */
const SILENCE_MILLISECONDS = 60_000;

/**
 * Takes the lock file of a store, or says who has it. The lock of a live process is never taken over; that of a dead one
 * is. On this host, alive means: a process of that number exists and began when the file says.
 * @throws StoreLocked
 */
export function takeLock(directory: string, now: () => number): Lock {
  const file = `${directory}.lock`;
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date(now()).toISOString(),
    began: beganAt(process.pid),
    token: randomUUID(),
  };
  // A second turn only when a dead holder was cleared away; a third when somebody else was faster at that.
  for (let turn = 0; turn < 5; turn += 1) {
    if (create(file, mine)) return lockOf(file, mine, now);
    const holder = read(file);
    if (holder && isAlive(holder, file, now())) throw new StoreLocked(directory, holder, file);
    if (holder) clearAway(file, holder);
    // Without a holder the file is gone again, or was cut short by a crash while being made.
    else removeUnreadable(file, now());
  }
  const holder = read(file) ?? mine;
  throw new StoreLocked(directory, holder, file);
}

function lockOf(file: string, mine: Holder, now: () => number): Lock {
  const isMine = (): boolean => read(file)?.token === mine.token;
  return {
    beat() {
      if (!isMine()) return false;
      const seconds = now() / 1000;
      utimesSync(file, seconds, seconds);
      return true;
    },
    release() {
      if (isMine()) rmSync(file, { force: true });
    },
  };
}

/** Written whole under another name, then linked: the lock file never exists half-written. */
function create(file: string, holder: Holder): boolean {
  const draft = `${file}.${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder), { flag: 'wx' });
  try {
    linkSync(draft, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    // A file system without hard links: the exclusive flag alone must do.
    return createExclusively(file, holder);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createExclusively(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

function read(file: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder;
    return typeof holder.pid === 'number' && typeof holder.token === 'string' ? holder : null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder, file: string, now: number): boolean {
  if (holder.host !== hostname()) return now - lastBeat(file) < SILENCE_MILLISECONDS;
  if (!processExists(holder.pid)) return false;
  const began = beganAt(holder.pid);
  return holder.began === null || began === null || holder.began === began;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM';
  }
}

/** Boot and start tick of a process on Linux; null where the system does not tell. */
function beganAt(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; the start tick is the 20th field after it.
    const tick = status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
    return tick === undefined ? null : `${boot}:${tick}`;
  } catch {
    return null;
  }
}

/** Moves the dead holder's file away; if it turns out that a live one had just replaced it, it is put back. */
function clearAway(file: string, dead: Holder): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside)?.token !== dead.token) {
    try {
      linkSync(aside, file);
    } catch {
      // Somebody holds the lock already; the next turn sees who.
    }
  }
  rmSync(aside, { force: true });
}

function removeUnreadable(file: string, now: number): void {
  if (now - lastBeat(file) >= SILENCE_MILLISECONDS) rmSync(file, { force: true });
}

function lastBeat(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
