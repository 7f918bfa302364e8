import { PaperSheet, type Found } from './paper-sheet';
import { randomFrom } from './support';

const clerk = 'clerk@example.com';
const foreman = 'foreman@example.com';
const manager = 'manager@example.com';
const COLUMNS = ['Quantity', 'Note'];

let sheet: PaperSheet;

beforeEach(() => {
  sheet = new PaperSheet(['1'], COLUMNS);
});

describe('an event that is accounted for says nothing about a newer change', () => {
  it('when it is delivered again while another person has changed the same cell and one more', async () => {
    const old = sheet.save(1, clerk, { Quantity: '2' });
    expect(await sheet.arrive(old)).toEqual([['1', 'Quantity', null, '2', clerk]]);
    sheet.save(3, foreman, { Quantity: '1', Note: 'less' });
    expect(await sheet.arrive(old)).toEqual([
      ['1', 'Quantity', '2', '1', foreman],
      ['1', 'Note', null, 'less', foreman],
    ]);
  });

  it('when a sweep had found its change before it came', async () => {
    const late = sheet.save(1, clerk, { Quantity: '2' });
    expect(await sheet.sweep()).toEqual([['1', 'Quantity', null, '2', clerk]]);
    const next = sheet.save(3, foreman, { Quantity: '1', Note: 'less' });
    expect(await sheet.arrive(late)).toEqual([
      ['1', 'Quantity', '2', '1', foreman],
      ['1', 'Note', null, 'less', foreman],
    ]);
    expect(await sheet.arrive(next)).toEqual([]);
  });

  it('when callbacks overtake one another', async () => {
    const first = sheet.save(1, clerk, { Quantity: '2' });
    const second = sheet.save(2, foreman, { Quantity: '3' });
    expect(await sheet.arrive(second)).toEqual([
      ['1', 'Quantity', null, '2', clerk],
      ['1', 'Quantity', '2', '3', foreman],
    ]);
    sheet.save(4, manager, { Quantity: '4', Note: 'more' });
    expect(await sheet.arrive([...second, ...first])).toEqual([
      ['1', 'Quantity', '3', '4', manager],
      ['1', 'Note', null, 'more', manager],
    ]);
  });

  it('when it comes in one callback with an event of another cell that is news', async () => {
    const old = sheet.save(1, clerk, { Quantity: '2' });
    await sheet.sweep();
    sheet.save(3, foreman, { Quantity: '1' });
    const news = sheet.save(5, manager, { Note: 'counted' });
    expect(await sheet.arrive([...old, ...news])).toEqual([
      ['1', 'Quantity', '2', '1', foreman],
      ['1', 'Note', null, 'counted', manager],
    ]);
  });

  it('when both changes fell into the same second: the row names the one who wrote last, without history', async () => {
    const old = sheet.save(1, clerk, { Quantity: '2' });
    await sheet.arrive(old);
    sheet.save(1, foreman, { Quantity: '1' });
    expect(await sheet.arrive(old)).toEqual([['1', 'Quantity', '2', '1', foreman]]);
    expect(sheet.historyReadings).toEqual([]);
  });

  it('when several changes fell into the same second: history tells them apart', async () => {
    const old = sheet.save(1, clerk, { Quantity: '2' });
    await sheet.arrive(old);
    sheet.save(1, foreman, { Quantity: '1' });
    sheet.save(1, manager, { Note: 'counted' });
    expect(await sheet.arrive(old)).toEqual([
      ['1', 'Quantity', '2', '1', foreman],
      ['1', 'Note', null, 'counted', manager],
    ]);
  });
});

it('names who first wrote a cell in the second of the last known change', async () => {
  sheet.save(1, clerk, { Note: 'seen' });
  await sheet.sweep();
  const news = sheet.save(1, foreman, { Quantity: '2' });
  sheet.save(2, manager, { Note: 'counted' });
  expect(await sheet.arrive(news)).toEqual([
    ['1', 'Quantity', null, '2', foreman],
    ['1', 'Note', 'seen', 'counted', manager],
  ]);
});

describe('an event that is news', () => {
  it('names who wrote its cell, though an old one of the same cell comes with it, without history', async () => {
    const old = sheet.save(1, clerk, { Quantity: '2' });
    await sheet.sweep();
    const news = sheet.save(3, foreman, { Quantity: '1' });
    expect(await sheet.arrive([...old, ...news])).toEqual([['1', 'Quantity', '2', '1', foreman]]);
    expect(sheet.historyReadings).toEqual([]);
  });

  it('does not speak for a later change of its cell whose callback is still on its way', async () => {
    const first = sheet.save(1, clerk, { Quantity: '2' });
    sheet.save(3, foreman, { Quantity: '1', Note: 'less' });
    expect(await sheet.arrive(first)).toEqual([
      ['1', 'Quantity', null, '2', clerk],
      ['1', 'Quantity', '2', '1', foreman],
      ['1', 'Note', null, 'less', foreman],
    ]);
  });
});

describe('history is not read', () => {
  const rowIds = Array.from({ length: 60 }, (_, index) => String(index + 1));
  const pasted = { Quantity: '5', Note: 'pasted' };
  const found = rowIds.flatMap((id) => [
    [id, 'Quantity', null, '5', clerk],
    [id, 'Note', null, 'pasted', clerk],
  ]);

  it('for a paste of sixty rows in which each of two cells changed once', async () => {
    sheet = new PaperSheet(rowIds, COLUMNS);
    expect(await sheet.arrive(sheet.save(1, clerk, pasted, rowIds))).toEqual(found);
    expect(sheet.historyReadings).toEqual([]);
  });

  it('for a paste by somebody whom Smartsheet names in the row only', async () => {
    sheet = new PaperSheet(rowIds, COLUMNS, { isNamed: false });
    expect(await sheet.arrive(sheet.save(1, clerk, pasted, rowIds))).toEqual(found);
    expect(sheet.historyReadings).toEqual([]);
  });

  it('but it is where two such people wrote a row in the same second', async () => {
    sheet = new PaperSheet(['1'], COLUMNS, { isNamed: false });
    const events = [...sheet.save(1, clerk, { Quantity: '5' }), ...sheet.save(1, foreman, { Note: 'counted' })];
    expect(await sheet.arrive(events)).toEqual([
      ['1', 'Quantity', null, '5', clerk],
      ['1', 'Note', null, 'counted', foreman],
    ]);
  });
});

/** People write a row, never twice in a second; callbacks come late, twice, out of order or never, and sweeps between. */
async function paperAfternoon(seed: number): Promise<{ truth: Found[]; found: Found[] }> {
  const below = randomFrom(seed);
  const held = new Map<string, string>();
  const truth: Found[] = [];
  const found: Found[] = [];
  const onTheirWay: ReturnType<PaperSheet['save']>[] = [];
  for (let second = 1; second < 60; second += 1 + below(3)) {
    const by = [clerk, foreman, manager][below(3)]!;
    const cells = COLUMNS.map((column): [string, string] => [column, String(below(4))]);
    const changed = cells.filter(([column, value]) => below(2) === 0 && held.get(column) !== value);
    for (const [column, value] of changed) truth.push(['1', column, held.get(column) ?? null, value, by]);
    for (const [column, value] of changed) held.set(column, value);
    if (changed.length > 0) {
      const events = sheet.save(second, by, Object.fromEntries(changed));
      for (let copies = below(3); copies > 0; copies -= 1) onTheirWay.push(events);
    }
    if (below(3) === 0) found.push(...(await sheet.sweep()));
    while (onTheirWay.length > 0 && below(2) === 0) {
      const arrived = onTheirWay.splice(below(onTheirWay.length), 1 + below(2));
      found.push(...(await sheet.arrive(arrived.flat())));
    }
  }
  for (const events of onTheirWay) found.push(...(await sheet.arrive(events)));
  found.push(...(await sheet.sweep()));
  return { truth, found };
}

it('every change of three hundred afternoons has its values and its person, in the order of its cell', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    sheet = new PaperSheet(['1'], COLUMNS);
    const { truth, found } = await paperAfternoon(seed);
    const byCell = (list: readonly Found[]) => COLUMNS.map((column) => list.filter(([, name]) => name === column));
    expect({ seed, changes: byCell(found) }).toEqual({ seed, changes: byCell(truth) });
  }
});

it('names the right person, or nobody, however many cells history has to be read for', async () => {
  const rowIds = Array.from({ length: 400 }, (_, index) => String(index + 1));
  sheet = new PaperSheet(rowIds, COLUMNS);
  sheet.save(1, clerk, { Quantity: '2' }, rowIds);
  sheet.save(31, foreman, { Note: 'less' }, rowIds);
  const found = await sheet.sweep();
  const whoChanged = (column: string): Set<string | null> =>
    new Set(found.filter(([, name]) => name === column).map(([, , , , person]) => person));
  expect(found).toHaveLength(800);
  expect(whoChanged('Quantity')).toEqual(new Set([clerk]));
  expect([...whoChanged('Note')].every((person) => person === foreman || person === null)).toBe(true);
});
