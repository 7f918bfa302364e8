import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewAccessEvent } from '../../lib/access';
import { StoreRefused, StoreUnavailable } from '../../lib/store';
import { AccessSpool } from '../../server/access-log';
import type { SpoolOptions } from '../../server/access-log/access-spool';
import { isRefusal } from '../../server/access-log/is-refusal';
import { accessEvent } from '../store/contract/access';

const folder = mkdtempSync(join(tmpdir(), 'spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const open = (name = `spool-${(count += 1)}`, more: Partial<SpoolOptions> = {}) => {
  const troubles: string[] = [];
  const spool = new AccessSpool({
    folder: join(folder, name),
    isFaultOfEvent: isRefusal,
    onTrouble: (why) => void troubles.push(why),
    ...more,
  });
  return { spool, troubles, name };
};

const idsOf = async (spool: AccessSpool): Promise<readonly string[]> => {
  const taken: string[] = [];
  await spool.drain(async (events) => void taken.push(...events.map(({ id }) => id)));
  return taken;
};

describe('access events that the store refuses', () => {
  it('are kept up to a limit, the newest of them, and it is said that older ones went', async () => {
    const line = JSON.stringify(accessEvent('00')).length + 1;
    const { spool, troubles, name } = open(undefined, { mostRefusedBytes: 3 * line });
    for (let id = 10; id < 20; id += 1) spool.add(accessEvent(String(id)));
    await spool.drain(() => Promise.reject(new StoreRefused('22021', 'not that', 'never')));
    const kept = ['access.refused.1.jsonl', 'access.refused.jsonl'].map((file) =>
      readFileSync(join(folder, name, file), 'utf8')
        .trim()
        .split('\n')
        .map((each) => (JSON.parse(each) as { id: string }).id),
    );
    expect(kept).toEqual([['16', '17', '18'], ['19']]);
    expect(troubles).toContainEqual(expect.stringMatching(/oldest of the access events put aside were removed/));
  });

  it('are cut where one alone is longer than all that is kept', async () => {
    const { spool, name } = open(undefined, { mostRefusedBytes: 100 });
    spool.add(accessEvent('1'));
    await spool.drain(() => Promise.reject(new StoreRefused('22021', 'not that', 'never')));
    expect(readFileSync(join(folder, name, 'access.refused.jsonl'), 'utf8')).toHaveLength(101);
  });
});

describe('the spool of access events', () => {
  it('hands out all it has in order, also what an earlier process left, and is empty afterwards', async () => {
    const { spool, name } = open();
    for (const id of ['1', '2']) spool.add(accessEvent(id));
    const later = open(name).spool;
    later.add(accessEvent('3'));
    const taken: string[] = [];
    await later.drain(async (events) => void taken.push(...events.map(({ id }) => id)));
    expect(taken).toEqual(['1', '2', '3']);
    expect(later.isEmpty).toBe(true);
  });

  it('keeps all while the store is away, and what comes meanwhile', async () => {
    const { spool, troubles } = open();
    spool.add(accessEvent('1'));
    await expect(spool.drain(() => Promise.reject(new StoreUnavailable('it is away')))).rejects.toThrow(
      StoreUnavailable,
    );
    spool.add(accessEvent('2'));
    const taken: string[] = [];
    await spool.drain(async (events) => void taken.push(...events.map(({ id }) => id)));
    expect(taken).toEqual(['1', '2']);
    expect(troubles).toEqual([]);
  });

  it('puts aside the one event that the store refuses, tells it, and does not keep the others back', async () => {
    const { spool, troubles, name } = open();
    for (const id of ['1', 'bad', '3']) spool.add(accessEvent(id));
    const taken: string[] = [];
    await spool.drain(async (events) => {
      if (events.some(({ id }) => id === 'bad')) throw new StoreRefused('BA001', 'It lacks something.', 'Look.');
      taken.push(...events.map(({ id }) => id));
    });
    expect(taken).toEqual(['1', '3']);
    expect(troubles).toEqual([expect.stringContaining('access.refused.jsonl')]);
    expect(readFileSync(join(folder, name, 'access.refused.jsonl'), 'utf8')).toContain('"bad"');
  });

  it('puts aside a line that was cut short by a crash', async () => {
    const { spool, troubles, name } = open();
    spool.add(accessEvent('1'));
    appendFileSync(join(folder, name, 'access.jsonl'), '{"id":"torn","kind":"sig');
    const taken: string[] = [];
    await spool.drain(async (events) => void taken.push(...events.map(({ id }) => id)));
    expect(taken).toEqual(['1']);
    expect(troubles).toHaveLength(1);
  });

  it('begins a line of its own after one that was cut short, and loses only that one', async () => {
    const { spool, name } = open();
    spool.add(accessEvent('1'));
    await spool.close();
    appendFileSync(join(folder, name, 'access.jsonl'), '{"id":"torn","kind":"sig');
    const later = open(name);
    for (const id of ['2', '3']) later.spool.add(accessEvent(id));
    expect(await idsOf(later.spool)).toEqual(['1', '2', '3']);
    expect(later.troubles).toHaveLength(1);
  });

  it('syncs beside the requests, once for all that wait, and has all in the file before', async () => {
    const synced: number[] = [];
    const file = () => readFileSync(join(folder, name, 'access.jsonl'), 'utf8').split('\n').length - 1;
    const { spool, name } = open(undefined, { sync: async () => void synced.push(file()) });
    for (let id = 1; id <= 50; id += 1) spool.add(accessEvent(String(id)));
    expect([file(), synced]).toEqual([50, []]);
    await spool.close();
    expect(synced).toEqual([50]);
  });

  it('tells a sync that failed, and goes on', async () => {
    const { spool, troubles } = open(undefined, { sync: () => Promise.reject(new Error('EIO')) });
    spool.add(accessEvent('1'));
    expect(await idsOf(spool)).toEqual(['1']);
    expect(troubles).toEqual([expect.stringContaining('EIO')]);
  });

  it('counts what strangers cause beyond a number, keeps what others do, and tells the count as one event', async () => {
    const first = open(undefined, { mostWaiting: 3 });
    for (const id of ['1', '2']) first.spool.add(accessEvent(id, { kind: 'sign_in_failed' }));
    await first.spool.close();
    // What an earlier process left counts too.
    const { spool, troubles, name } = open(first.name, { mostWaiting: 3 });
    for (const id of ['3', '4', '5']) spool.add(accessEvent(id, { kind: 'sign_in_failed' }));
    spool.add(accessEvent('deploy', { kind: 'flows_deployed' }));
    expect(troubles).toHaveLength(1);
    expect(readFileSync(join(folder, name, 'access.jsonl'), 'utf8').split('\n')).toHaveLength(5);
    const taken: NewAccessEvent[] = [];
    await spool.drain(async (events) => void taken.push(...events));
    expect(taken.map(({ id }) => id).slice(0, 4)).toEqual(['1', '2', '3', 'deploy']);
    expect(taken.slice(4)).toMatchObject([{ kind: 'other', details: { left_out: { sign_in_failed: 2 } } }]);
    expect(spool.isEmpty).toBe(true);
    spool.add(accessEvent('6', { kind: 'sign_in_failed' }));
    expect(await idsOf(spool)).toEqual(['6']);
  });
});
