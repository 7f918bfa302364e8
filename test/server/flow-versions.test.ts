import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  differenceOf,
  inWords,
  isDifferent,
  keepingStorage,
  ShippedFlow,
  VersionShelf,
  VersionUnknown,
  withShipped,
  type FlowNode,
} from '../../server/flow-versions';
import type { Offer } from '../../server/flow-versions/shipped-flow';
import { versionsPage } from '../../server/flow-versions/versions-page';

const folder = mkdtempSync(join(tmpdir(), 'flow-versions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let clock = Date.parse('2026-01-05T09:00:00Z');
const shelfIn = (name: string): VersionShelf => new VersionShelf(join(folder, name), () => (clock += 1000));
const node = (id: string, fields: object = {}): FlowNode => ({ id, type: 'debug', z: 'tab', x: 1, y: 1, ...fields });

describe('kept versions', () => {
  it('are the last twenty, the newest first, with who deployed them', () => {
    const shelf = shelfIn('twenty');
    for (let number = 1; number <= 25; number += 1) shelf.keep([node(`n${number}`)], 'ann');
    const list = shelf.list();
    expect(list).toHaveLength(20);
    expect(shelf.flowsOf(list[0]!.id)).toEqual([node('n25')]);
    expect(list.every(({ savedBy }) => savedBy === 'ann')).toBe(true);
  });

  it('do not repeat one that was deployed again unchanged, but keep what somebody went back to', () => {
    const shelf = shelfIn('repeat');
    expect(shelf.keep([node('a')], 'ann')).not.toBeNull();
    expect(shelf.keep([node('a')], 'bob')).toBeNull();
    shelf.keep([node('b')], 'bob');
    shelf.keep([node('a')], 'ann');
    expect(shelf.list()).toHaveLength(3);
  });

  it('leave out a file that cannot be read, and never a half-written one', () => {
    const shelf = shelfIn('broken');
    shelf.keep([node('a')], null);
    writeFileSync(join(folder, 'broken', '2026-01-05T100000.000Z-00000000.json'), '{"flows":');
    writeFileSync(join(folder, 'broken', '2026-01-05T100001.000Z-00000000.json.new'), '{}');
    expect(shelf.list()).toHaveLength(1);
    expect(readdirSync(join(folder, 'broken')).filter((name) => name.endsWith('.new'))).toHaveLength(1);
  });

  it.each(['../../keys/service', '2026-01-05T100000.000Z-00000000', ''])('gives nothing for %j', (id) => {
    expect(() => shelfIn('none').flowsOf(id)).toThrow(VersionUnknown);
  });
});

describe('what changed between two versions', () => {
  it('counts nodes that were added, removed, changed and only moved', () => {
    const before = [node('a'), node('b'), node('c'), node('d')];
    const after = [node('a'), node('b', { name: 'new' }), node('c', { x: 200 }), node('e')];
    const difference = differenceOf(before, after);
    expect(difference).toEqual({ added: 1, removed: 1, changed: 1, moved: 1 });
    expect(inWords(difference)).toBe('1 added, 1 removed, 1 changed, 1 moved');
    expect(inWords(differenceOf(before, before))).toBe('nothing');
  });
});

describe('the storage that keeps versions', () => {
  it('lets a deploy through when the version cannot be kept, and says so', async () => {
    const failures: unknown[] = [];
    const saved: unknown[] = [];
    const shelf = {
      keep: () => {
        throw new Error('no space left');
      },
    };
    const storage = keepingStorage(
      {
        getFlows: () => Promise.resolve([]),
        saveFlows: (flows) => Promise.resolve(saved.push(flows)),
        saveCredentials: () => Promise.resolve(),
      },
      shelf,
      (failure) => failures.push(String(failure)),
    );
    await storage.saveFlows([node('a')], { username: 'ann' });
    expect(saved).toEqual([[node('a')]]);
    expect(failures).toEqual([expect.stringContaining('no space left')]);
  });
});

describe('the shipped flow', () => {
  const shipped = join(folder, 'shipped.json');
  const tab = { id: 'tab', type: 'tab', label: 'Shipped' };

  it('is no news in the home that it was placed in, and is once a new one is shipped', () => {
    writeFileSync(shipped, JSON.stringify([tab, node('a')]));
    const mark = join(folder, 'seen');
    new ShippedFlow([shipped], mark).seen();
    expect(new ShippedFlow([shipped], mark).isNews()).toBe(false);
    writeFileSync(shipped, JSON.stringify([tab, node('a', { name: 'better' })]));
    const newer = new ShippedFlow([shipped], mark);
    expect(newer.isNews()).toBe(true);
    newer.seen();
    expect(newer.isNews()).toBe(false);
    expect(readFileSync(mark, 'utf8')).toHaveLength(65);
  });

  it('may be news in a home of which nobody knows what was placed, until an admin has answered', () => {
    const mark = join(folder, 'not-seen');
    expect(new ShippedFlow([shipped], mark).isNews()).toBe(true);
    expect(new ShippedFlow([shipped], mark).isNews()).toBe(true);
    new ShippedFlow([shipped], mark).seen();
    expect(new ShippedFlow([shipped], mark).isNews()).toBe(false);
    expect(isDifferent(differenceOf([node('a')], [node('a')]))).toBe(false);
    expect(isDifferent(differenceOf([node('a')], [node('a', { x: 2 })]))).toBe(false);
  });

  describe('is offered', () => {
    const [one, other] = [node('a'), node('b')];
    const flowWith = (name: string, files: readonly FlowNode[]): { flow: ShippedFlow; update: ShippedFlow } => {
      const [file, newer, mark] = [`${name}.json`, `${name}-newer.json`, `${name}-mark`].map((each) =>
        join(folder, each),
      );
      writeFileSync(file as string, JSON.stringify([tab, one, other]));
      writeFileSync(newer as string, JSON.stringify(files));
      return {
        flow: new ShippedFlow([file as string], mark as string),
        update: new ShippedFlow([newer as string], mark as string),
      };
    };
    const pageWith = (offer: Offer | null): string =>
      versionsPage({
        ...{ visitor: { name: 'ann', role: 'admin' as const, session: null }, formToken: 'token', message: null },
        ...{ versions: [], offer, timeZone: 'UTC' },
      });

    it('not where nodes were only moved, though nobody knows what was placed', () => {
      const { flow } = flowWith('moved', []);
      expect(flow.offerTo([tab, node('a', { x: 300 }), node('b', { y: 80 })])).toBeNull();
    });

    it('as what may be the own work, and as no newer flow, where nobody knows what was placed', () => {
      const { flow } = flowWith('own', []);
      const offer = flow.offerTo([tab, node('a', { name: 'Ours' }), other]);
      expect(offer).toEqual({ difference: { added: 0, removed: 0, changed: 1, moved: 0 }, isNewer: false });
      expect(pageWith(offer)).toContain('The shipped tabs here differ from those of this version');
      expect(pageWith(offer)).toContain('replaces what you changed on the shipped tabs');
      expect(pageWith(offer)).not.toContain('A newer flow');
    });

    it('as a newer flow where another one was placed, which is not offered while it is the shipped one', () => {
      const { flow, update } = flowWith('known', [tab, node('a', { name: 'Better' }), other]);
      flow.seen();
      const own = [tab, node('a', { name: 'Ours' }), other];
      expect(flow.offerTo(own)).toBeNull();
      expect(update.offerTo(own)).toMatchObject({ isNewer: true });
      expect(pageWith(update.offerTo(own))).toContain('A newer flow came with this version');
      expect(pageWith(null)).not.toContain('name="answer"');
    });
  });

  it("takes the place of its own tab, and leaves the user's tabs and set-up config nodes alone", () => {
    const config = { id: 'account', type: 'billing-audit-smartsheet', name: 'Ours' };
    const own = [tab, node('old'), { id: 'mine', type: 'tab' }, node('mine-1', { z: 'mine' }), config];
    const taken = withShipped(own, [tab, node('new'), { ...config, name: 'Shipped' }]);
    expect(taken.map(({ id }) => id).sort()).toEqual(['account', 'mine', 'mine-1', 'new', 'tab']);
    expect(taken.find(({ id }) => id === 'account')).toEqual(config);
  });
});
