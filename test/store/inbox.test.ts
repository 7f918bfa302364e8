import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInbox, type Inbox } from '../../lib/store/embedded/inbox';
import { journalFilesIn, type JournalFile, type JournalFiles } from '../../lib/store/embedded/journal-files';
import { StoreNotSynced, StoreRefused, StoreUnavailable } from '../../lib/store/store-errors';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';

const folders: string[] = [];
afterAll(() => folders.forEach(removeFolder));

function newJournal(): string {
  const folder = newFolder();
  folders.push(folder);
  return join(folder, 'journal');
}

interface Drained {
  readonly nonce: string;
  readonly body?: string;
  readonly body_text?: string;
}

/** An inbox whose database is a list; while `away` is set, the database is not there. */
async function open(folder: string, files: JournalFiles = journalFilesIn(folder)) {
  const database = { drained: [] as Drained[], away: false, refuses: '' };
  const store = async (callbacks: readonly unknown[]): Promise<void> => {
    if (database.away) throw new StoreUnavailable('it is away');
    const list = callbacks as readonly Drained[];
    if (list.some(({ nonce }) => nonce === database.refuses)) throw new StoreRefused('22P05', 'No such text.', '');
    database.drained.push(...list);
  };
  return { inbox: await openInbox({ files, store }), database };
}

const callback = (nonce: string, body: Uint8Array = Buffer.from(`body of ${nonce}`)) => ({
  webhook_id: '11',
  sheet_id: '22',
  nonce,
  body,
  received_at: '2026-01-05T09:00:00.000Z',
});
const keepAll = (inbox: Inbox, names: readonly string[]) =>
  Promise.all(names.map((name) => inbox.keep(callback(name))));
const noncesOf = (drained: readonly Drained[]): string[] => drained.map(({ nonce }) => nonce);
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `n-${from + index}`);

/** What a process that was killed leaves behind: a journal that nobody has drained. @returns its one file */
async function leaveBehind(folder: string, kept: readonly string[]): Promise<string> {
  const { inbox, database } = await open(folder);
  database.away = true;
  await keepAll(inbox, kept);
  inbox.lose(new StoreUnavailable('the process was killed'));
  const [name = ''] = readdirSync(folder);
  return join(folder, name);
}

/** The same files, but for what is said otherwise of the segment that is written. */
function filesWith(folder: string, change: (file: JournalFile, written: number) => Partial<JournalFile>): JournalFiles {
  const files = journalFilesIn(folder);
  let created = 0;
  return {
    list: () => files.list(),
    read: (name) => files.read(name),
    readPart: (name, from, length) => files.readPart(name, from, length),
    rename: (name, other) => files.rename(name, other),
    remove: (name) => files.remove(name),
    syncs: () => files.syncs(),
    create: async (name) => {
      const file = await files.create(name);
      const same: JournalFile = {
        append: (parts) => file.append(parts),
        sync: () => file.sync(),
        cutTo: (length) => file.cutTo(length),
        close: () => file.close(),
      };
      return { ...same, ...change(same, (created += 1)) };
    },
  };
}

describe('the inbox of an embedded store', () => {
  it('keeps bytes as they are, drains them in order and rings when they are in the database', async () => {
    const { inbox, database } = await open(newJournal());
    let rings = 0;
    inbox.onDrained(() => (rings += 1));
    const bytes = Buffer.from([0, 255, 10, 13, 200, 10]);
    await inbox.keep(callback('bytes', bytes));
    await keepAll(inbox, names(1, 300));
    await until(() => inbox.state().waiting === 0, 'the inbox to be drained');
    expect(noncesOf(database.drained)).toEqual(['bytes', ...names(1, 300)]);
    expect(Buffer.from(database.drained[0]?.body ?? '', 'base64').equals(bytes)).toBe(true);
    expect(database.drained[1]?.body_text).toBe('body of n-1');
    expect(rings).toBeGreaterThan(0);
    await inbox.close();
  });

  it('keeps on taking callbacks while the database is away, and hands them over when it is back', async () => {
    const { inbox, database } = await open(newJournal());
    database.away = true;
    await keepAll(inbox, names(1, 20));
    await until(() => inbox.state().trouble !== null, 'the trouble to be told');
    expect(inbox.state()).toMatchObject({ waiting: 20 });
    database.away = false;
    await until(() => inbox.state().waiting === 0, 'the inbox to be drained');
    expect(noncesOf(database.drained)).toEqual(names(1, 20));
    expect(inbox.state().trouble).toBeNull();
    await inbox.close();
  });

  it('shares one sync among callers at the same time', async () => {
    const folder = newJournal();
    const files = journalFilesIn(folder);
    const { inbox } = await open(folder, files);
    const before = files.syncs();
    await keepAll(inbox, names(1, 100));
    expect(files.syncs() - before).toBeGreaterThan(0);
    expect(files.syncs() - before).toBeLessThan(10);
    await inbox.close();
  });

  it('lets nobody but the owner read its files, and deletes them when they are drained', async () => {
    const folder = newJournal();
    await leaveBehind(folder, names(1, 3));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const { inbox } = await open(folder);
    await inbox.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('hands over at the next start what was not drained', async () => {
    const folder = newJournal();
    await leaveBehind(folder, names(1, 50));
    const { inbox, database } = await open(folder);
    await inbox.keep(callback('later'));
    await inbox.close();
    expect(noncesOf(database.drained)).toEqual([...names(1, 50), 'later']);
  });

  it('begins new files when one is long, and deletes each when it is drained', async () => {
    const folder = newJournal();
    const { inbox, database } = await open(folder);
    database.away = true;
    for (const name of names(1, 12)) await inbox.keep(callback(name, Buffer.alloc(2 * 1024 * 1024, name)));
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    database.away = false;
    await until(() => inbox.state().waiting === 0, 'the inbox to be drained');
    await inbox.close();
    expect(readdirSync(folder)).toEqual([]);
    expect(noncesOf(database.drained)).toEqual(names(1, 12));
  });
});

describe('a journal that a power failure cut', () => {
  it('is read up to every byte at which it may have been cut, and never further', async () => {
    const folder = newJournal();
    const file = await leaveBehind(folder, names(1, 3));
    const whole = readFileSync(file);
    for (let length = 0; length <= whole.length; length += 1) {
      const cut = newJournal();
      mkdirSync(cut);
      writeFileSync(join(cut, 'inbox-00000001.journal'), whole.subarray(0, length));
      const { inbox, database } = await open(cut);
      await inbox.close();
      const drained = noncesOf(database.drained);
      expect(drained).toEqual(names(1, 3).slice(0, drained.length));
      expect(inbox.state().lost).toEqual([]);
      if (length === whole.length) expect(drained).toEqual(names(1, 3));
    }
  });

  it('tells of a tail that is torn, also where the file has its length and zeros instead of bytes', async () => {
    const folder = newJournal();
    const file = await leaveBehind(folder, names(1, 3));
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole.subarray(0, whole.length - 30), Buffer.alloc(4096)]));
    const { inbox, database } = await open(folder);
    await inbox.close();
    expect(noncesOf(database.drained)).toEqual(names(1, 2));
    expect(inbox.state().torn).toEqual([expect.stringMatching(/ends with \d+ bytes of a callback that was cut short/)]);
  });

  it('tells of damage in the middle wherever a byte was changed, hands over the rest and puts the file aside', async () => {
    const folder = newJournal();
    const file = await leaveBehind(folder, names(1, 3));
    const whole = readFileSync(file);
    const second = whole.indexOf('"n-2"');
    for (const at of [40, second, second + 30, whole.indexOf('body of n-1')]) {
      const damaged = newJournal();
      mkdirSync(damaged);
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(join(damaged, 'inbox-00000001.journal'), bytes);
      const { inbox, database } = await open(damaged);
      await inbox.close();
      expect(database.drained).toHaveLength(2);
      expect(inbox.state().lost).toEqual([expect.stringMatching(/damaged from byte \d+ to \d+/)]);
      expect(readdirSync(damaged)).toEqual(['inbox-00000001.journal.kept']);
      const again = await open(damaged);
      expect(again.inbox.state().kept).toEqual(['inbox-00000001.journal.kept']);
      await again.inbox.close();
    }
  });

  it('notices that a whole callback is missing between others', async () => {
    const folder = newJournal();
    const file = await leaveBehind(folder, names(1, 3));
    const whole = readFileSync(file);
    const mark = whole.subarray(30, 34);
    const second = whole.indexOf(mark, 34);
    writeFileSync(file, Buffer.concat([whole.subarray(0, second), whole.subarray(whole.indexOf(mark, second + 4))]));
    const { inbox, database } = await open(folder);
    await inbox.close();
    expect(noncesOf(database.drained)).toEqual(['n-1', 'n-3']);
    expect(inbox.state().lost).toHaveLength(1);
  });
});

describe('a disk that does not do what it should', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

  it('makes the inbox refuse while it is full, leaves nothing half-written, and is used again when there is room', async () => {
    const folder = newJournal();
    let isFull = false;
    const files = filesWith(folder, (file) => ({
      append: async (parts) => {
        if (!isFull) return file.append(parts);
        // What a full disk does: a part fits.
        await file.append([Buffer.concat(parts).subarray(0, 20)]);
        throw full;
      },
    }));
    const { inbox, database } = await open(folder, files);
    database.away = true;
    await keepAll(inbox, names(1, 5));
    isFull = true;
    const refused = await Promise.allSettled(names(6, 9).map((name) => inbox.keep(callback(name))));
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'store_unavailable' } });
    isFull = false;
    await keepAll(inbox, names(10, 12));
    inbox.lose(new StoreUnavailable('killed'));
    const next = await open(folder);
    await next.inbox.close();
    expect(noncesOf(next.database.drained)).toEqual([...names(1, 5), ...names(10, 12)]);
    expect(next.inbox.state()).toMatchObject({ torn: [], lost: [] });
  });

  it('makes it refuse what a failed sync may have lost', async () => {
    const folder = newJournal();
    let isBroken = false;
    const files = filesWith(folder, (file) => ({
      sync: async () => (isBroken ? Promise.reject(new Error('EIO')) : file.sync()),
    }));
    const { inbox, database } = await open(folder, files);
    isBroken = true;
    await expect(inbox.keep(callback('n-1'))).rejects.toBeInstanceOf(StoreUnavailable);
    isBroken = false;
    await inbox.keep(callback('n-2'));
    await inbox.close();
    expect(noncesOf(database.drained)).toEqual(['n-2']);
  });

  it('is refused at the start when its syncs do nothing', async () => {
    const folder = newJournal();
    const files = filesWith(folder, () => ({ sync: async () => undefined }));
    await expect(open(folder, files)).rejects.toBeInstanceOf(StoreNotSynced);
  });
});

it('puts aside a callback that the database refuses, tells of it, and hands over the others', async () => {
  const folder = newJournal();
  const { inbox, database } = await open(folder);
  database.refuses = 'n-2';
  await keepAll(inbox, names(1, 3));
  await inbox.close();
  expect(noncesOf(database.drained)).toEqual(['n-1', 'n-3']);
  expect(inbox.state().lost).toEqual([expect.stringContaining('callback n-2 of webhook 11')]);
  expect(readdirSync(folder)).toEqual(['inbox-00000001.journal.kept']);
});
