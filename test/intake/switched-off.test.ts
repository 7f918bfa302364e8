import type { Stop } from '../../lib/define';
import type { Change } from '../../lib/event';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

/** What only a person can mend: a webhook whose app was revoked, a sheet that its owner has lost. */
const clerk = 'clerk@example.com';
const MINUTE = 60_000;

let ahead = 0;
let sandbox: SandboxProcess;
let tower: Watchtower;
let sheet: PracticeSheet;
let stop: Stop;

const now = (): number => Date.now() + ahead;
const pass = async (milliseconds: number): Promise<void> => {
  await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: milliseconds / 1000 });
  ahead += milliseconds;
};

beforeEach(async () => {
  ahead = 0;
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '0');
  const brisk = { coverageSeconds: 0.05, sweepSeconds: 0.5, glanceSeconds: 0.05, wellSeconds: 0.05 };
  tower = await openWatchtower(
    { ...brisk, deletionGraceSeconds: 0.5, callbackLeaseSeconds: 0.5 },
    { alerting: true, machine: { now } },
  );
  sheet = await practiceSheet(sandbox);
  stop = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
}, 120_000);
afterEach(async () => {
  jest.restoreAllMocks();
  await stop({ removed: false });
  await tower.close();
  await sandbox.stop();
}, 120_000);

interface Hook {
  readonly id: number;
  readonly sheetId: number;
  readonly status: string;
}
const hooks = async (): Promise<readonly Hook[]> =>
  (await sandbox.control<{ webhooks: Hook[] }>('GET', '/sandbox/webhooks')).webhooks.filter(
    ({ sheetId }) => sheetId === sheet.id,
  );
const disable = async (status: string): Promise<unknown> =>
  sandbox.control('POST', `/sandbox/webhooks/${(await hooks())[0]!.id}/disable`, { status });
const access = (level: 'NONE' | 'VIEWER' | 'ADMIN'): Promise<unknown> =>
  sandbox.control('POST', `/sandbox/sheets/${sheet.id}/access`, { user: 'billing-audit@example.com', level });
const gaps = (): readonly Change[] => tower.found.filter(({ kind }) => kind === 'watch_gap');
const others = (): readonly (readonly unknown[])[] => tower.found.filter(({ kind }) => kind !== 'watch_gap').map(brief);

interface Told {
  readonly notice: { readonly title: string; readonly text: string };
}
/** What people were told, the newest first. */
const told = async (): Promise<readonly Told['notice'][]> =>
  ((await tower.rpc('billing_audit_alerts', {})) as { alerts: Told[] }).alerts.map(({ notice }) => notice);
const tellPeople = (): Promise<unknown> =>
  tower.rpc('billing_audit_save_alert_rule', {
    ...{ rule_id: 'r', recipients: ['admin@example.com'], risk_from: 0.7, severity_from: 'HIGH' },
    ...{ mails_per_hour: 50, group_minutes: 1, frame: { subjectPrefix: '', timeZone: 'UTC', columnAliases: {} } },
  });
const untilTold = (what: RegExp): Promise<Told['notice']> =>
  until(async () => (await told()).find(({ title }) => what.test(title)), `an alarm about ${what}`);

/** A look at the version may be quicker than the first callbacks: what counts is that they come. */
async function untilCallbackBrings(row: number): Promise<void> {
  let value = 100;
  await until(async () => {
    await sheet.edit(row, { Quantity: (value += 1) }, clerk);
    return tower.found.some(({ new_value, found_by }) => Number(new_value) > 100 && found_by === 'callback');
  }, 'a change that a callback brought');
}

describe('a webhook whose app was revoked', () => {
  it('is told of with what to do, and replaced by one of the token that is in use', async () => {
    await tellPeople();
    const [revoked] = await hooks();
    await disable('DISABLED_APP_REVOKED');
    await sheet.edit(0, { Quantity: 77 }, clerk);
    const { text } = await untilTold(/The webhook of sheet .* does not work/);
    expect(text).toContain('DISABLED_APP_REVOKED');
    expect(text).toContain(
      'What to do: The app that owns the webhook was revoked: authorise it again, or use a personal',
    );
    await until(() => gaps().length > 0, 'the hole');
    expect(others()).toEqual([['Quantity', '10', '77', clerk]]);
    expect(gaps()[0]!.values).toMatchObject({ reason: 'webhook_off', why: expect.stringContaining('APP_REVOKED') });
    const present = await hooks();
    expect(present.map(({ status }) => status)).toEqual(['ENABLED']);
    expect(present[0]!.id).not.toBe(revoked!.id);
    await untilTold(/The trouble with the webhook of sheet .* is over/);
  });

  it('leaves the sheet watched by its version while no other may be made either', async () => {
    await tellPeople();
    const refusal = { status: 403, errorCode: 1153, count: 1_000_000, path: '/webhooks' };
    await disable('DISABLED_APP_REVOKED');
    await sandbox.control('POST', '/sandbox/faults', { failNext: refusal });
    await tower.shows('no webhook, watching by polling');
    await sheet.edit(0, { Quantity: 78 }, clerk);
    await until(() => others().length > 0, 'the change');
    expect(others()).toEqual([['Quantity', '10', '78', clerk]]);
    const { text } = await untilTold(/The webhook of sheet/);
    expect(text).toContain('authorise it again, or use a personal token');
    expect(text).toMatch(/the sheet's version is looked at every 0\.1 seconds/);
    await sandbox.control('POST', '/sandbox/faults', { failNext: null });
    await tower.shows('^watching$');
  });
});

it('a webhook that can be neither read nor deleted any more does not keep the new one from working', async () => {
  const [revoked] = await hooks();
  const about = { status: 403, errorCode: 1153, count: 1_000_000, path: `/webhooks/${revoked!.id}` };
  await sandbox.control('POST', '/sandbox/faults', { failNext: about });
  await disable('DISABLED_APP_REVOKED');
  await until(async () => (await hooks()).some(({ status }) => status === 'ENABLED'), 'another webhook');
  await until(() => tower.log.lines.some((line) => line.includes('could not be deleted')), 'the one that stays');
  await tower.shows('^watching$');
  await untilCallbackBrings(0);
});

describe('a sheet that the owner of the token has lost', () => {
  it('is told of as not watched, comes back by itself, and the hole with what was recovered is in the trail', async () => {
    await tellPeople();
    await access('NONE');
    const alarm = await untilTold(/is not watched/);
    expect(alarm.title).toMatch(/^Sheet ".+" \(\d+\) is not watched: it is not found any more, or not shared$/);
    expect(alarm.text).toContain('that the sheet is shared with the account that owns the token');
    expect(alarm.text).toContain('nobody sees what changes there');
    await pass(20 * MINUTE);
    await sheet.edit(0, { Quantity: 79 }, clerk);
    await pass(20 * MINUTE);
    // Nobody was told that polling would find it meanwhile: it could not.
    expect((await told()).map(({ title }) => title)).toEqual([alarm.title]);
    expect(others()).toEqual([]);

    await access('ADMIN');
    await until(() => gaps().length > 0, 'the hole');
    await tower.shows('^watching$');
    expect(others()).toEqual([['Quantity', '10', '79', clerk]]);
    expect(gaps()).toHaveLength(1);
    const { from, to, ...recovered } = gaps()[0]!.values;
    expect(recovered).toMatchObject({ reason: 'unreachable', 'cells changed': '1' });
    expect(Date.parse(to!) - Date.parse(from!)).toBeGreaterThanOrEqual(40 * MINUTE);
    await untilTold(/is watched again/);

    await untilCallbackBrings(1);
  }, 120_000);

  it('costs a callback that waits for it no try', async () => {
    await sandbox.control('POST', '/sandbox/faults', {
      failNext: { status: 404, errorCode: 1006, count: 1_000_000, path: `/sheets/${sheet.id}` },
    });
    const tries = jest.spyOn(tower.store, 'failCallbacks');
    await sheet.edit(0, { Quantity: 81 }, clerk);
    await until(async () => (await tower.store.counts()).callbacks_waiting > 0, 'the callback in the store');
    await tower.shows('sheet not found');
    const renewals = jest.spyOn(tower.store, 'renewCallbacks');
    await until(() => renewals.mock.calls.length > 1, 'the callback to be held');
    await sandbox.control('POST', '/sandbox/faults', { failNext: null });
    await until(() => others().length > 0, 'the change');
    expect(others()).toEqual([['Quantity', '10', '81', clerk]]);
    expect(tower.found[0]).toMatchObject({ found_by: 'callback' });
    expect(tries).not.toHaveBeenCalled();
  });

  it('or whose webhook alone is off, is watched by its version, and that is what people are told', async () => {
    await tellPeople();
    await disable('DISABLED_SCOPE_INACCESSIBLE');
    const { text } = await untilTold(/The webhook of sheet/);
    expect(text).toContain('share it with that account again');
    expect(text).toMatch(/the sheet's version is looked at every/);
    await sheet.edit(0, { Quantity: 82 }, clerk);
    await until(() => others().length > 0, 'the change');
    expect(others()).toEqual([['Quantity', '10', '82', clerk]]);
    expect((await told()).filter(({ title }) => title.includes('is not watched'))).toEqual([]);
  });
});
