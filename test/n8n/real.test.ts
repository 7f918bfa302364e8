import { startN8n, type N8n } from './support/n8n';
import { startPostgres, type Postgres } from './support/postgres';
import { startStoreServer, type StoreServer } from './support/store-server';
import { toldOf, untilVersion, versionsOf } from './support/recorded-versions';
import { chosen, POLLED_SOON, shippedWorkflow, Workflow } from './support/workflow';
import {
  challenge,
  forgedCallback,
  startOffice,
  trailOf,
  untilRecorded,
  type Hook,
  type PracticeOffice,
  type PracticeSheet,
} from './support/watching-office';
import { until } from '../support/until';

const START_MILLISECONDS = 300_000;
const STORY_MILLISECONDS = 300_000;
const SMARTSHEET = { name: 'Billing Audit: Smartsheet API', type: 'billingAuditSmartsheetApi' };
const STORE = { name: 'Billing Audit: Store API', type: 'billingAuditStoreApi' };
const CHANGES = 'Smartsheet Changes Trigger';
const CALLBACKS = 'Smartsheet Trigger';

let office: PracticeOffice;
let postgres: Postgres;
let store: StoreServer;
let n8n: N8n;
let workflow: Workflow;
let week: PracticeSheet;
let nextWeek: PracticeSheet;
let secrets: { readonly smartsheet: Record<string, string>; readonly store: Record<string, string> };

beforeAll(async () => {
  [office, postgres] = await Promise.all([startOffice(), startPostgres()]);
  const ofTheServer = await office.sheet('Watched by the server');
  [week, nextWeek] = [await office.sheet('Week 31'), await office.sheet('Week 32')];
  const place = { apiBase: office.apiBase, sheetId: ofTheServer.id };
  [store, n8n] = await Promise.all([startStoreServer(place), startN8n(postgres)]);
  secrets = {
    smartsheet: { token: 'practice-token', base: office.apiBase },
    store: { address: store.address, apiKey: store.key, holidays: 'none' },
  };
}, START_MILLISECONDS);

afterAll(async () => {
  await n8n?.stop();
  await store?.remove();
  await office?.stop();
  postgres?.stop();
}, 60_000);

const theHook = async (): Promise<Hook> => {
  const [hook] = await office.hooks();
  if (!hook) throw new Error('Smartsheet has no webhook.');
  return hook;
};
const trail = (row: number) => trailOf(store, week, row);
const recorded = (row: number, count: number) => untilRecorded(store, week, row, count);
/** What is in a sheet before its first look is over is no change to anybody. */
const untilLearned = ({ id }: PracticeSheet) =>
  until(
    async () => {
      type Known = { readonly sheet: { readonly compared_at: string | null } | null };
      return (await store.rpc<Known>('billing_audit_sheet', { sheet_id: id })).sheet?.compared_at;
    },
    'the first look at the sheet',
    60_000,
  );
/** Executions that a call of the webhook has started. */
const runsOfCalls = (): string =>
  postgres.query(`select count(*) from execution_entity where mode = 'webhook'`)[0]![0]!;

describe('a credential', () => {
  const tested = async (type: { name: string; type: string }, data: Record<string, string>) => {
    const { id } = await n8n.ask<{ id: string }>('POST', '/rest/credentials', { ...type, data });
    const test = (tried: Record<string, string>) =>
      n8n.ask('POST', '/rest/credentials/test', { credentials: { id, ...type, data: tried } });
    return { right: await test(data), wrong: await test({ ...data, token: 'stranger', apiKey: 'f'.repeat(64) }) };
  };
  const verdicts = { right: { status: 'OK' }, wrong: { status: 'Error', message: 'Unauthorized' } };

  it('of Smartsheet is tested: a good token is told from a bad one', async () => {
    expect(await tested(SMARTSHEET, secrets.smartsheet)).toMatchObject(verdicts);
  });

  it('of the store is tested: the service key is told from another', async () => {
    expect(await tested(STORE, secrets.store)).toMatchObject(verdicts);
  });
});

describe('the shipped workflow', () => {
  it('is imported with its credentials found by their names, and published once the sheets are filled in', async () => {
    workflow = await Workflow.imported(n8n, shippedWorkflow(n8n, '01 - Watch a sheet.json'));
    const ours = workflow.nodes.filter(({ type }) => type.startsWith('n8n-nodes-billing-audit.'));
    expect(ours.map(({ name }) => name)).toHaveLength(6);
    const ids = ours.flatMap(({ credentials }) => Object.values(credentials as Record<string, { id: unknown }>));
    expect(ids.every(({ id }) => typeof id === 'string' && id !== '')).toBe(true);
    await workflow.fillIn({
      [CHANGES]: { ...chosen(week), pollTimes: POLLED_SOON },
      [CALLBACKS]: chosen(week),
      Alert: { recipients: 'manager@example.com' },
    });
    await workflow.publish();
    // The sandbox enables a webhook only when its challenge was answered while the trigger's create() waited for it.
    await office.untilHooked(week);
  });

  it('records a change that Smartsheet has announced: old value, new value and person', async () => {
    await untilLearned(week);
    await office.edit(week, 0, 12);
    expect(await recorded(0, 1)).toEqual(['10 -> 12 clerk@example.com']);
    const [delivery] = (await theHook()).deliveries;
    expect(delivery?.attempts.map(({ status }) => status)).toEqual([200]);
  });

  it('gives each value that a cell had between two polls', async () => {
    await office.edit(week, 1, 21, 'first@example.com');
    await office.edit(week, 1, 22, 'second@example.com');
    expect(await recorded(1, 2)).toEqual(['20 -> 21 first@example.com', '21 -> 22 second@example.com']);
  });
});

describe('a call of the webhook', () => {
  it('that is forged is refused with 401 and starts no execution', async () => {
    expect(await forgedCallback(await theHook())).toBe(401);
    expect(runsOfCalls()).toBe('0');
  });

  describe('while the store is down', () => {
    beforeAll(() => store.stop());

    it('is answered when it is a challenge', async () => {
      const { status, echo, sent } = await challenge(await theHook());
      expect({ status, echo }).toEqual({ status: 200, echo: sent });
    });

    it(
      'is answered 503 when it is a callback, whose retry is stored when the store is back',
      async () => {
        await office.edit(week, 0, 13);
        const attempts = async () => (await theHook()).deliveries.at(-1)?.attempts.map(({ status }) => status) ?? [];
        await until(async () => (await attempts()).includes(503), 'Smartsheet to be refused', 30_000);
        await store.start();
        await until(async () => (await attempts()).at(-1) === 200, 'the retry to be stored', 90_000);
        expect(await recorded(0, 2)).toEqual(['10 -> 12 clerk@example.com', '12 -> 13 clerk@example.com']);
        expect(runsOfCalls()).toBe('0');
      },
      STORY_MILLISECONDS,
    );
  });
});

describe('watching goes on without a gap, by one webhook for each sheet,', () => {
  const story = ['10 -> 12', '12 -> 13'];
  /** Edits the first row once more and remembers what the trail must say. */
  const editOnce = async (): Promise<void> => {
    const from = Number(story.at(-1)!.split(' ').at(-1));
    story.push(`${from} -> ${from + 1}`);
    await office.edit(week, 0, from + 1);
  };
  const theWholeStory = async (): Promise<void> => {
    await recorded(0, story.length);
    expect(await trail(0)).toEqual(story.map((step) => `${step} clerk@example.com`));
    await office.untilDelivered();
  };

  it(
    'when it is taken down and published again: Smartsheet keeps no webhook meanwhile',
    async () => {
      await workflow.unpublish();
      await office.untilHooked();
      await editOnce();
      await editOnce();
      await workflow.publish();
      await editOnce();
      await theWholeStory();
      await office.untilHooked(week);
    },
    STORY_MILLISECONDS,
  );

  it(
    'when only the trigger for callbacks is published with one more sheet, while the polls go on',
    async () => {
      await workflow.fillIn({ [CALLBACKS]: chosen(week, nextWeek) });
      await workflow.publish();
      await office.untilHooked(week, nextWeek);
      await editOnce();
      await theWholeStory();
      await office.edit(nextWeek, 0, 11);
      await office.untilDelivered();
    },
    STORY_MILLISECONDS,
  );

  it(
    'when it is published with one more sheet',
    async () => {
      await workflow.fillIn({ [CHANGES]: chosen(week, nextWeek), [CALLBACKS]: chosen(week, nextWeek) });
      await workflow.publish();
      await editOnce();
      await office.untilHooked(week, nextWeek);
      await editOnce();
      await theWholeStory();
      await office.edit(nextWeek, 2, 31);
      expect(await untilRecorded(store, nextWeek, 2, 1)).toEqual(['30 -> 31 clerk@example.com']);
      await office.untilHooked(week, nextWeek);
    },
    STORY_MILLISECONDS,
  );

  it(
    'when it is published with a sheet less',
    async () => {
      await workflow.fillIn({ [CHANGES]: chosen(week), [CALLBACKS]: chosen(week) });
      await workflow.publish();
      await office.untilHooked(week);
      await editOnce();
      await theWholeStory();
    },
    STORY_MILLISECONDS,
  );

  it(
    'when n8n is started again, and callbacks found nobody meanwhile',
    async () => {
      const stopping = n8n.restart();
      await editOnce();
      await stopping;
      await editOnce();
      await theWholeStory();
      await office.untilHooked(week);
      expect(await forgedCallback(await theHook())).toBe(401);
    },
    STORY_MILLISECONDS,
  );

  it(
    'when n8n has lost what it knew of the webhooks',
    async () => {
      postgres.query(`update workflow_entity set "staticData" = null`);
      await editOnce();
      await theWholeStory();
      await workflow.unpublish();
      await office.untilHooked();
    },
    STORY_MILLISECONDS,
  );
});

describe('what weakens a published workflow is in the trail, with both values,', () => {
  it('when a sheet was taken off the trigger', async () => {
    expect(await versionsOf(store, workflow)).toContainEqual(
      expect.objectContaining({
        violation_type: 'CONFIGURATION_WEAKENED',
        column_name: expect.stringMatching(/^Smartsheet Changes Trigger.*: Sheets$/) as string,
        old_value: `${week.id}, ${nextWeek.id}`,
        new_value: week.id,
        severity: 'HIGH',
      }),
    );
  });

  it(
    'and told to whom the Alert node told before, when its threshold is raised and somebody else is named',
    async () => {
      let quantity = 22;
      const change = async () => recorded(1, (await office.edit(week, 1, (quantity += 1)), quantity - 20));
      const fields = { delivery: 'outbox', recipients: 'manager@example.com', alertFrom: 0.5 };
      await workflow.fillIn({ Alert: fields });
      await workflow.publish();
      await untilVersion(store, workflow, '0.5', change);
      await workflow.fillIn({ Alert: { ...fields, recipients: 'other@example.com', alertFrom: 0.95 } });
      await workflow.publish();
      // The trigger is as it was, so n8n goes on polling with the version before; what runs is the new one.
      const raised = await untilVersion(store, workflow, '0.95', change);
      expect(raised).toMatchObject({ violation_type: 'CONFIGURATION_WEAKENED', old_value: '0.5', severity: 'HIGH' });
      expect(await toldOf(store, raised)).toEqual(['manager@example.com']);
      await workflow.unpublish();
      await office.untilHooked();
    },
    STORY_MILLISECONDS,
  );
});

describe('trying a node by hand', () => {
  it(
    'shows what waits and takes nothing from the published workflow',
    async () => {
      await office.edit(week, 2, 35);
      const { status, error, outputs } = await workflow.run(CHANGES, CHANGES);
      expect({ status, error }).toEqual({ status: 'success', error: null });
      expect(outputs(CHANGES)[0]?.map(({ json }) => json)).toMatchObject([{ old_value: '30', new_value: '35' }]);
      expect(await trail(2)).toEqual([]);
      await workflow.publish();
      expect(await recorded(2, 1)).toEqual(['30 -> 35 clerk@example.com']);
    },
    STORY_MILLISECONDS,
  );

  it.each([
    ['continueRegularOutput', 0],
    ['continueErrorOutput', 1],
  ])('gives what failed, with code and hint, where the node says %s', async (onError, output) => {
    const rules = workflow.nodes.find(({ name }) => name === 'Billing Rules')!;
    const start = {
      name: 'Start',
      type: 'n8n-nodes-base.manualTrigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: {},
    };
    const trying = await Workflow.imported(n8n, {
      name: `Fails and ${onError}`,
      nodes: [start, { ...rules, onError }],
      connections: { Start: { main: [[{ node: rules.name, type: 'main', index: 0 }]] } },
      pinData: { Start: [{ json: { what: 'no change' } }] },
    });
    const { status, outputs } = await trying.run('Start', rules.name);
    expect(status).toBe('success');
    expect(outputs(rules.name)[output]).toMatchObject([
      {
        json: {
          error: expect.stringMatching(/change/) as string,
          details: { code: 'wrong_message_type', hint: expect.stringMatching(/./) as string },
        },
      },
    ]);
  });
});
