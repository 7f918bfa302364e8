import { SheetTroubles } from '../../lib/runtime/sheet-troubles';
import type { TroubleKind } from '../../lib/runtime/troubles';
import { recordingLog } from '../intake/support';

/** When people are told, on a clock that a test moves. */
function watched(lasting: readonly TroubleKind[] = []) {
  const told: string[] = [];
  const open = new Set(lasting);
  const log = recordingLog();
  let now = 0;
  let isAway = false;
  const troubles = new SheetTroubles({
    sheetId: '1',
    pollSeconds: 60,
    timing: { outageSeconds: 300, wellSeconds: 60 },
    now: () => now,
    log,
    teller: {
      begin: ({ kind, since }) => {
        if (isAway) return Promise.reject(new Error('the store is away'));
        if (!open.has(kind)) told.push(`${kind} since ${since / 1000}`);
        open.add(kind);
        return Promise.resolve();
      },
      end: (kind) => {
        if (open.delete(kind)) told.push(`${kind} well`);
        return Promise.resolve(true);
      },
    },
  });
  return {
    troubles,
    told,
    log,
    later: (seconds: number) => void (now += seconds * 1000),
    away: (is: boolean) => void (isAway = is),
  };
}

const silence = new Error('nobody answers');

describe('what goes wrong with a sheet', () => {
  it('is told when nobody answers for five minutes, with its beginning, and not when it is shorter', async () => {
    const { troubles, told, later } = watched();
    for (let second = 0; second <= 299; second += 1, later(1)) await troubles.failed('watch', silence);
    troubles.well('watch');
    later(60);
    await troubles.settle();
    expect(told).toEqual([]);
    for (let second = 0; second <= 300; second += 1, later(1)) await troubles.failed('watch', silence);
    expect(told).toEqual(['watch since 360']);
  });

  it('is told at the second refusal of a token, not at a single one', async () => {
    const { troubles, told, later } = watched();
    await troubles.failed('token', silence);
    troubles.well('token');
    await troubles.failed('token', silence);
    expect(told).toEqual([]);
    later(1);
    await troubles.failed('token', silence);
    expect(told).toEqual(['token since 0']);
  });

  it('that comes and goes is one trouble until it has been well for a minute', async () => {
    const { troubles, told, later } = watched();
    for (let round = 0; round < 20; round += 1) {
      await troubles.failed('webhook', silence);
      troubles.well('webhook');
      later(50);
      await troubles.settle();
    }
    expect(told).toEqual(['webhook since 0']);
    later(10);
    expect(troubles.dueAt).toBe(1_010_000);
    await troubles.settle();
    expect(told).toEqual(['webhook since 0', 'webhook well']);
    expect(troubles.dueAt).toBe(Infinity);
  });

  it('and was told before a restart is ended after it', async () => {
    const { troubles, told, later } = watched(['sheet']);
    troubles.well('token', 'sheet', 'watch');
    later(60);
    await troubles.settle();
    expect(told).toEqual(['sheet well']);
  });

  it('is told at the next occasion when the store was away, which is logged', async () => {
    const { troubles, told, log, away } = watched();
    away(true);
    await troubles.failed('webhook', silence);
    expect(log.lines).toEqual(['error: Nobody could be told how sheet 1 is watched: the store is away']);
    away(false);
    await troubles.failed('webhook', silence);
    expect(told).toEqual(['webhook since 0']);
  });
});
