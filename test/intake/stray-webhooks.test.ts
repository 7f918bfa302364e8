import { healthOf } from '../../lib/runtime/health';
import { StrayWebhooks } from '../../lib/runtime/stray-webhooks';
import type { StoreCounts } from '../../lib/store';
import { practiceSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { recordingLog } from './support';
import { openWatchtower, type Watchtower } from './watchtower';

describe('a webhook whose sheet no trigger watches any more', () => {
  let sandbox: SandboxProcess;
  let tower: Watchtower;

  beforeAll(async () => {
    sandbox = await startSandboxProcess('--no-rate-limits');
    tower = await openWatchtower({ settleSeconds: 0.3 });
  }, 120_000);
  afterAll(async () => {
    await tower.close();
    await sandbox.stop();
  }, 120_000);

  const hooked = async (): Promise<readonly number[]> => {
    const { webhooks } = await sandbox.control<{ webhooks: { sheetId: number }[] }>('GET', '/sandbox/webhooks');
    return webhooks.map(({ sheetId }) => sheetId);
  };

  it('is taken away when the trigger is deployed with fewer sheets, also after a restart', async () => {
    const [kept, first, second] = [
      await practiceSheet(sandbox),
      await practiceSheet(sandbox),
      await practiceSheet(sandbox),
    ];
    const all = await tower.watch(sandbox, [kept.id, first.id, second.id]);
    await tower.shows('^watching .3 of 3 sheets');
    await all({ removed: false });
    const fewer = await tower.watch(sandbox, [kept.id, second.id]);
    await until(async () => !(await hooked()).includes(first.id), 'the first webhook to be gone');
    expect((await tower.store.webhooks()).map(({ sheet_id }) => sheet_id).toSorted()).toEqual(
      [String(kept.id), String(second.id)].toSorted(),
    );
    await fewer({ removed: false });
    tower = await tower.restart();
    expect(await hooked()).toHaveLength(2);
    await tower.watch(sandbox, [kept.id]);
    await until(async () => !(await hooked()).includes(second.id), 'the second webhook to be gone');
    expect(await hooked()).toEqual([kept.id]);
  }, 120_000);
});

it('keeps every webhook while no trigger runs', async () => {
  const removed: string[] = [];
  let wasAsked = false;
  const strays = new StrayWebhooks({
    sleep: async () => undefined,
    log: recordingLog(),
    settleSeconds: 30,
    hooked: async () => ['1', '2'],
    watched: () => {
      wasAsked = true;
      return [];
    },
    remove: async (sheetId) => void removed.push(sheetId),
    troubled: async () => [],
    isUnwatched: () => false,
    endTroubles: async () => undefined,
  });
  strays.restart();
  await until(() => wasAsked, 'the look at what is watched');
  await strays.stop();
  expect(removed).toEqual([]);
});

describe('health', () => {
  const calm: StoreCounts = {
    callbacks_waiting: 1,
    callbacks_dead: 0,
    changes_waiting: 0,
    changes_leased: 0,
    changes_provisional: 0,
    changes_dead: 0,
    events: 0,
    events_in_all: 0,
    events_in_rest: null,
    in_rest_since: null,
    oldest_waiting_at: '2026-01-05T09:00:00.000Z',
  };
  const queueAt = async (clock: string, counts: StoreCounts = calm) => {
    const intake = { refusals: () => ({}), lastCallbackAt: () => null };
    const now = (): number => Date.parse(`2026-01-05T${clock}Z`);
    const { checks } = await healthOf({ store: { counts: async () => counts }, now, intake, watches: [] });
    return checks.find(({ name }) => name === 'queue');
  };

  it('is degraded once something waits for longer than five minutes', async () => {
    expect(await queueAt('09:05:00')).toMatchObject({ status: 'ok' });
    const late = await queueAt('09:05:01');
    expect(late).toMatchObject({ status: 'degraded' });
    expect(late?.text).toContain('longer than 5 minutes');
  });

  it('is degraded while changes keep failing', async () => {
    const failing = await queueAt('09:00:01', { ...calm, changes_dead: 3 });
    expect(failing).toMatchObject({ status: 'degraded' });
    expect(failing?.text).toContain('3 changes keep failing');
  });
});
