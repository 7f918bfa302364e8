import { Client } from 'pg';
import type { Observation, ObservedCell, Store } from '../../../lib/store';
import { StoreUnavailable } from '../../../lib/store';
import type { AuditEvent } from '../../../lib/event';
import type { JournalFile, JournalFiles } from '../../../lib/store/embedded/journal-files';
import type { Bug } from '../order';
import type { Passing } from '../points';

/**
 * The journal's files on a disk that forgets, when the process dies, whatever it was not told to keep: as a power failure
 * has it, which `kill -9` alone is not. The points of the inbox are passed here.
 */
export function forgetfulDisk(files: JournalFiles, pass: Passing, bug: Bug | null): JournalFiles {
  return {
    list: async () => {
      const names = await files.list();
      if (bug !== 'forgets what the journal holds') return names;
      for (const name of names) await files.remove(name);
      return [];
    },
    read: (name) => files.read(name),
    readPart: (name, from, length) => files.readPart(name, from, length),
    rename: (name, other) => files.rename(name, other),
    remove: (name) => files.remove(name),
    syncs: () => files.syncs(),
    create: async (name) => withPoints(await files.create(name), pass, bug === 'answers before the sync'),
  };
}

function withPoints(file: JournalFile, pass: Passing, isLazy: boolean): JournalFile {
  let unsynced: Uint8Array[] = [];
  let isHeaded = false;
  const writeOut = async (): Promise<void> => {
    const bytes = Buffer.concat(unsynced);
    unsynced = [];
    const half = bytes.length >> 1;
    await file.append([bytes.subarray(0, half)]);
    if (isHeaded) pass('before insert', 'half is written');
    await file.append([bytes.subarray(half)]);
  };
  return {
    append: async (parts) => {
      // The heading of a new file is no callback.
      if (isHeaded) pass('before insert', 'nothing is written');
      unsynced.push(...parts.map((part) => Buffer.from(part)));
      if (isHeaded) pass('before commit', 'all is written');
    },
    sync: async () => {
      if (!isHeaded) {
        await writeOut();
        isHeaded = true;
        return file.sync();
      }
      // The planted bug says that it is kept, and leaves it for later.
      if (isLazy) return;
      await writeOut();
      const synced = file.sync();
      pass('before commit', 'the commit is under way');
      await synced;
      pass('before answer', 'the commit is through');
    },
    cutTo: async (length) => {
      unsynced = [];
      await file.cutTo(length);
    },
    close: () => file.close(),
  };
}

/** However they come: one by one, several in one call, or with their bodies as bytes. */
const ACCEPTS = /public\.billing_audit_accept_(callback|callbacks|bodies)\(/;

/** The same points on the wire to a PostgreSQL server: each statement of the driver goes through its client. */
export function passOnTheWire(pass: Passing): void {
  const prototype = Client.prototype as unknown as { query: (...given: unknown[]) => unknown };
  const { query } = prototype;
  const accepting = new WeakSet<object>();
  prototype.query = function (this: object, ...given: unknown[]): unknown {
    const send = (): unknown => query.apply(this, given);
    const text = textOf(given[0]);
    if (text === null) return send();
    if (ACCEPTS.test(text)) {
      pass('before insert', 'nothing is written');
      accepting.add(this);
      const sent = send();
      pass('before insert', 'half is written');
      return after(sent, () => pass('before commit', 'all is written'));
    }
    if (text !== 'commit' || !accepting.delete(this)) return send();
    const sent = send();
    pass('before commit', 'the commit is under way');
    return after(sent, () => pass('before answer', 'the commit is through'));
  };
}

/** A statement may be given by itself, or with its values and its time-out. */
function textOf(given: unknown): string | null {
  if (typeof given === 'string') return given;
  const { text } = (given ?? {}) as { readonly text?: unknown };
  return typeof text === 'string' ? text : null;
}

function after(sent: unknown, then: () => void): unknown {
  return (sent as Promise<unknown>).then((answer) => {
    then();
    return answer;
  });
}

/** The points of what comes later, and the planted bugs of the store. */
export function storeWithPoints(store: Store, pass: Passing, bug: Bug | null): Store {
  const accept = acceptance(store, bug);
  return {
    ...store,
    acceptCallback: async (callback) => {
      const answer = await accept(callback);
      pass('before answer', 'the store has said so');
      return answer;
    },
    leaseCallbacks: async (wanted) => {
      const callbacks = await store.leaseCallbacks(wanted);
      if (callbacks.length > 0) pass('before processing', 'they are leased');
      return callbacks;
    },
    resolve: async (observation) => {
      if (observation.callback_ids.length > 0) pass('before processing', 'they are looked up');
      const forgets = bug === 'forgets changes of what it resolved';
      const answer = await store.resolve(forgets ? forgetful(observation) : observation);
      if (answer.event_keys.length > 0) pass('mid-processing', 'the changes are found');
      return answer;
    },
    append: async (events) => {
      const appended = await store.append(bug === 'records twice' ? [...events, ...again(events)] : events);
      pass('mid-processing', 'the changes are recorded');
      return appended.slice(0, events.length);
    },
  };
}

/** Without some values, whoever finds them: a later compare would put right what only one reading forgot. */
function forgetful(observation: Observation): Observation {
  const isKept = ({ steps }: ObservedCell): boolean => !/[37]$/u.test(steps.at(-1)?.value ?? '');
  return { ...observation, rows: observation.rows.map((row) => ({ ...row, cells: row.cells.filter(isKept) })) };
}

function acceptance(store: Store, bug: Bug | null): Store['acceptCallback'] {
  if (bug === 'answers before it stores') {
    return (callback) => {
      // Once the answer is out for certain.
      setTimeout(() => void store.acceptCallback(callback).catch(() => undefined), 50);
      return Promise.resolve({ isNew: true });
    };
  }
  if (bug === 'answers 200 while the store is down') {
    return (callback) =>
      store.acceptCallback(callback).catch((thrown: unknown) => {
        if (thrown instanceof StoreUnavailable) return { isNew: true };
        throw thrown;
      });
  }
  return (callback) => store.acceptCallback(callback);
}

const again = (events: readonly AuditEvent[]): AuditEvent[] =>
  events.map((event) => ({ ...event, event_key: `${event.event_key}:again` }));
