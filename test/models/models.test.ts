import { sha256Hex } from '../../lib/hash';
import { thisMachine } from '../../lib/runtime/machine';
import type { TrainingReport } from '../../lib/runtime/models/desk';
import { trainInThread } from '../../lib/runtime/models/training-thread';
import { type ModelStore, StoreUnavailable } from '../../lib/store';
import { modelTraining } from '../../nodes/model-training';
import { trainingStatus, trainModel } from '../../nodes/model-training/train';
import { until } from '../support/until';
import { type ModelHouse, openModelHouse, order, scored, settings, trainOrder, untilJudged } from './house';

const admin = { by: 'boss@example.com', role: 'admin', reason: 'too loud' };
let driver: ModelHouse['driver'];
let store: ModelHouse['store'];
let models: ModelHouse['models'];
let workerPath: ModelHouse['workerPath'];
let events: ModelHouse['events'];
let complaints: ModelHouse['complaints'];
let begin: ModelHouse['begin'];
let house: ModelHouse;
beforeAll(async () => {
  house = await openModelHouse();
  ({ driver, store, models, workerPath, events, complaints, begin } = house);
}, 120_000);
afterEach(() => house.stopAll());
afterAll(() => house.close());

it('scores by rule points until a model is trained, then says how strange a change is, by which model, and why', async () => {
  const { desk, all } = begin('one');
  const before = await scored(events[600]!, desk);
  expect(before).toMatchObject({ anomaly_score: null, predicted_category: null });
  expect(before).not.toHaveProperty('model_version');
  expect(all.health()).toBeNull();

  const report = await desk.train(order);
  expect(report).toMatchObject({ status: 'champion', version: 1, is_new: true, data: { events: 600, labelled: 0 } });
  expect(all.health()).toMatchObject({ status: 'ok', text: expect.stringContaining('model 1 in force') as string });

  await untilJudged(desk, events[699]!);
  const after = await scored(events[600]!, desk);
  expect(after.anomaly_score).toBeGreaterThanOrEqual(0);
  expect(after.anomaly_score).toBeLessThanOrEqual(1);
  expect(after).toMatchObject({ risk_score: before.risk_score, predicted_category: null, model_version: report.hash });
  expect(after.reasons.slice(0, before.reasons.length)).toEqual(before.reasons);
  // Handed out again, it is told the same.
  expect(await scored(events[600]!, desk)).toEqual(after);

  await store.append([after]);
  const [row] = await driver.transaction([
    { sql: `select model_version from billing_audit.audit_events where event_key = '${after.event_key}'` },
  ]);
  const [inForce] = await store.inForce([String(row!['model_version'])]);
  expect(JSON.parse(inForce!.text)).toMatchObject({ kind: 'risk-model', data: report.data, seed: 1 });
});

it('says after a start which model is in force before any event comes, and that it is not known while nobody could ask', async () => {
  const { desk } = begin('one');
  const { version } = await desk.train(order);
  let isAway = true;
  const { all } = begin('two', {
    champion: (known) => (isAway ? Promise.reject(new StoreUnavailable('it is away')) : models.champion(known)),
  });
  complaints.length = 0;
  all.look();
  await until(() => complaints.length > 0, 'the complaint');
  expect(complaints[0]).toContain('Which model is in force could not be asked');
  isAway = false;
  expect(all.health()).toEqual({ status: 'ok', text: 'which model is in force is not known yet' });
  await until(() => all.health()?.text.startsWith(`model ${version} in force`), 'the model');
});

it('says nothing of what nobody changed', async () => {
  const { desk } = begin('one');
  expect(await desk.judge({ ...events[601]!, kind: 'sheet_checked' })).toBeNull();
  expect(await desk.judge(events[601]!)).toMatchObject({ risk_score: null });
});

it('trains the same model of the same data and seed, and says so', async () => {
  const parts = { store: models, settings, workerPath };
  const one = await trainInThread(parts, trainOrder);
  const other = await trainInThread(parts, trainOrder);
  expect(other).toEqual(one);
  expect(sha256Hex(one.body)).toBe((JSON.parse(one.description) as { body_sha256: string }).body_sha256);
  const { desk } = begin('one');
  const again = [await desk.train(order), await desk.train(order)] as const;
  expect(again[1]).toMatchObject({ version: again[0].version, is_new: false });
});

it.each([
  ['damaged', (body: string) => body.replace('"anomaly"', '"anomoly"')],
  ['cut off', (body: string) => body.slice(0, 1000)],
  ['of another version', (body: string) => body.replace(/"version":\d+/u, '"version":999')],
])('falls back to rule points with an alarm when the model in force is %s', async (_, damage) => {
  const { desk, all } = begin('one', {
    champion: async (known) => {
      const { model, body } = await models.champion(known);
      const damaged = damage(body ?? '');
      return { model: model && { ...model, body_sha256: sha256Hex(damaged) }, body: damaged };
    },
  });
  complaints.length = 0;
  const event = await scored(events[660]!, desk);
  expect(event).toMatchObject({ anomaly_score: null, predicted_category: null });
  expect(event.risk_score).not.toBeNaN();
  expect(all.health()).toMatchObject({
    status: 'degraded',
    text: expect.stringContaining('rule points stand alone') as string,
  });
  expect(complaints).toHaveLength(1);
});

/** As a build with another engine finds the model in force, whichever it is; later ones are of its own. */
function afterUpgrade(unreadable: number): Pick<ModelStore, 'champion'> {
  return {
    async champion(known) {
      const { model, body } = await models.champion(known);
      if (model?.version !== unreadable) return { model, body };
      const other = (await models.champion(null)).body!.replace(/"version":\d+/u, '"version":999');
      return { model: { ...model, body_sha256: sha256Hex(other) }, body: known === model.hash ? null : other };
    },
  };
}

it('trains a model by itself where this version cannot read the one in force', async () => {
  const first = await begin('one').desk.train(order);
  const later = { ...thisMachine(), now: () => Date.now() + 2 * 3_600_000, sleep: () => Promise.resolve() };
  const { desk, all } = begin('upgraded', afterUpgrade(first.version), later);
  const plan = { ...order, seed: 7, everyDays: 7, afterLabels: 0, onDrift: false };
  const statuses: string[] = [];
  const report = await new Promise<TrainingReport>((trained) => {
    const stop = desk.attend(plan, {
      trained: (each) => void stop().then(() => trained(each)),
      show: ({ text }) => statuses.push(text),
    });
  });
  expect(report).toMatchObject({
    status: 'champion',
    trained_by: 'Model Training (this version cannot read the model in force)',
  });
  expect(statuses).toContain('training: this version cannot read the model in force');
  expect(all.health()).toMatchObject({ status: 'ok' });
});

it('says of a model that was moved that this version cannot use it, and in each list', async () => {
  await begin('one').desk.train(order);
  const { version } = (await models.champion(null)).model!;
  const later = await begin('one').desk.train({ ...order, seed: 8 });
  expect(later).toMatchObject({ status: 'champion', is_new: true });
  const { desk } = begin('upgraded', afterUpgrade(version));
  const ports = { models: desk, settings };
  const asked = (operation: string) => ({ ...params, operation, by: admin.by, role: admin.role }) as never;
  const taken = await trainModel({ version: later.version, reason: 'too loud' }, asked('roll_back'), ports);
  const unusable = expect.stringMatching(/cannot be used, so rule points stand alone: .*version 999\./u) as string;
  expect(taken.models).toMatchObject({
    moved: `${admin.by} took model ${later.version} back; model ${version} is in force, but this version cannot use it: train a new one.`,
    models: expect.arrayContaining([expect.objectContaining({ version, problem: unusable })]) as unknown,
  });
  expect(trainingStatus(taken)).toEqual({ state: 'warning', text: `model ${version} in force, but it cannot be used` });
  const listed = await desk.models(20);
  expect(listed.filter(({ problem }) => problem !== undefined)).toMatchObject([{ version, status: 'champion' }]);

  const good = await trainModel({ version: later.version, reason: 'of ours' }, asked('promote'), ports);
  expect(good.models).toMatchObject({ moved: `${admin.by} put model ${later.version} in force.` });
  expect((await desk.models(20)).filter(({ problem }) => problem !== undefined)).toEqual([]);
  const bad = await trainModel({ version, reason: 'of before' }, asked('promote'), ports);
  expect(bad.models).toMatchObject({ moved: expect.stringContaining('but this version cannot use it') as string });
});
const params = Object.fromEntries(Object.entries(modelTraining.fields).map(([name, field]) => [name, field.default]));

it('does not use a text that is not the one that was trained', async () => {
  const { desk, all } = begin('one', {
    champion: async (known) => ({ ...(await models.champion(known)), body: '{}' }),
  });
  expect(await desk.judge(events[660]!)).toBeNull();
  expect(all.health()).toMatchObject({ text: expect.stringContaining('not the one that was trained') as string });
});

it('tells whoever hands the change out to try again when the store cannot say which model is in force', async () => {
  const { desk } = begin('one', { champion: () => Promise.reject(new StoreUnavailable('it is closed')) });
  await expect(desk.judge(events[660]!)).rejects.toThrow(StoreUnavailable);
});

it('is taken back by an administrator alone, at once', async () => {
  const { desk } = begin('one');
  expect(await desk.judge(events[670]!)).not.toBeNull();
  await expect(desk.rollBack({ ...admin, role: 'manager' })).rejects.toMatchObject({ sqlstate: 'BA005' });
  while ((await models.champion(null)).model) await desk.rollBack(admin);
  expect(await desk.judge(events[671]!)).toBeNull();
});

it('says why where there is too little to learn from, and goes on', async () => {
  const { desk } = begin('few', { trailLines: async () => ({ lines: [], next: null, settled: 0, imported: [] }) });
  await expect(desk.train(order)).rejects.toMatchObject({
    code: 'bad_numbers',
    message: '0 events are too few to learn from.',
  });
  expect(await desk.models(1)).toHaveLength(1);
});

it('ends a training that is under way when the server stops', async () => {
  const { desk, all } = begin('stopped');
  const training = desk.train(order);
  const outcome = training.then(
    () => 'ended',
    (failure: { code: string }) => failure.code,
  );
  await all.stop();
  expect(await outcome).toBe('training_failed');
});
