import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreRefused, StoreUnavailable } from '../../lib/store';
import { AccessSpool } from '../../server/access-log';
import { isRefusal } from '../../server/access-log/is-refusal';
import { accessEvent } from '../store/contract/access';

const folder = mkdtempSync(join(tmpdir(), 'spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const open = (name = `spool-${(count += 1)}`) => {
  const troubles: string[] = [];
  const spool = new AccessSpool({
    folder: join(folder, name),
    isFaultOfEvent: isRefusal,
    onTrouble: (why) => void troubles.push(why),
  });
  return { spool, troubles, name };
};

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
});
