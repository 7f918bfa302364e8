import { join, resolve } from 'node:path';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';
import type { AuditEvent } from '../../lib/event';
import { openHome } from '../../lib/runtime/home';
import { type EmbeddedStoreDriver, modelsOver, openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { event } from '../store/examples';
import { newFolder, removeFolder } from '../support/store';
import { layStore } from '../support/store-template';
import { runCli } from './cli';

jest.setTimeout(300_000);
const PALETTE = resolve(__dirname, '../../dist/node-red');
const workerPath = join(PALETTE, 'store-worker.js');
const migrations = join(PALETTE, 'supabase');
const folder = newFolder();
const home = join(folder, 'home');
const directory = join(home, 'store', 'embedded');

const billingAudit = (...words: readonly string[]) => runCli([...words, '--home', home], folder);
const json = (
  words: readonly string[],
): { readonly status: number | null; readonly answer: Answer; readonly said: string } => {
  const { status, stdout, stderr } = billingAudit(...words, '--json');
  return { status, answer: (stdout.startsWith('{') ? JSON.parse(stdout) : {}) as Answer, said: stderr };
};
interface Answer {
  readonly version?: number;
  readonly status?: string;
  readonly dry_run?: boolean;
  readonly is_new?: boolean;
  readonly refused?: readonly string[];
  readonly before?: number;
  readonly model?: { readonly version: number };
  readonly models?: readonly { readonly version: number; readonly status: string; readonly trained_by: string }[];
  readonly gates?: readonly { readonly name: string; readonly passed: boolean; readonly because: string }[];
}

async function inStore<Result>(act: (driver: EmbeddedStoreDriver) => Promise<Result>): Promise<Result> {
  const driver = await openEmbeddedStore({ directory, workerPath, migrations });
  try {
    return await act(driver);
  } finally {
    await driver.close();
  }
}
const append = (driver: EmbeddedStoreDriver, events: readonly AuditEvent[]) =>
  storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }).append(events);
/** Kind and sentence of each act on models, the oldest first. */
const acts = () =>
  inStore(async (driver) => {
    const events = await storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }).recent({ limit: 500 });
    return events
      .filter(({ kind }) => kind.startsWith('model_'))
      .map(({ kind, issue_description }) => `${kind}: ${issue_description}`)
      .toReversed();
  });

let events: readonly AuditEvent[];
beforeAll(async () => {
  openHome(home);
  await layStore(directory, workerPath, migrations);
  const staff = { foreman: 3, clerk: 2, supervisor: 1, admin: 1, service: 0 };
  const stream = makeStream({ ...firstWorld, weeks: 9, sheets: 3, staff, dormant: 1, stormWeeks: [5] }, 31).events;
  events = stream
    .slice(0, 1200)
    .map(({ event_key, audit_run_id, ...line }) =>
      event(event_key!, { ...line, audit_run_id, violation_type: 'NONE' } as Partial<AuditEvent>),
    );
  await inStore((driver) => append(driver, events.slice(0, 20)));
});
afterAll(() => removeFolder(folder));

describe('billing-audit train --promote', () => {
  it.each<[string, string[], RegExp]>([
    ['files beside it', ['train', '--promote', '--events', 'a.jsonl'], /"--events" does not go with --promote/u],
    ['no file and no --promote', ['train'], /"--events" is missing/u],
    ['a seed that is none', ['train', '--promote', '--seed', 'x'], /"--seed" is "x"/u],
    ['--dry-run on files', ['train', '--events', 'a', '--model', 'b', '--dry-run'], /"--dry-run" goes with --promote/u],
    ['a model that is no number', ['models', 'promote', 'last', '--reason', 'x'], /"<version>" is "last"/u],
    ['no reason', ['models', 'promote', '1'], /"--reason" is missing/u],
    ['no reason to take it back', ['models', 'rollback'], /"--reason" is missing/u],
  ])('is misused with %s', (_, words, said) => {
    expect(billingAudit(...words)).toMatchObject({ status: 2, stderr: expect.stringMatching(said) as string });
  });

  it('tells all of it in its help', () => {
    const { stdout } = runCli(['train', '--help'], folder);
    for (const word of ['--promote', '--dry-run', '--json', '1 its gates refused it']) expect(stdout).toContain(word);
    expect(runCli(['models', 'promote', '--help'], folder).stdout).toContain('--despite-gates');
  });

  it('says that there is too little to learn from, or no trail at all', () => {
    expect(billingAudit('train', '--promote')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/20 events are too few to learn from/u) as string,
    });
    expect(runCli(['train', '--promote', '--home', join(folder, 'nowhere')], folder)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('holds no store') as string,
    });
    expect(billingAudit('models', 'rollback', '--reason', 'x')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('No model is in force') as string,
    });
  });

  it('says first how it would come out, then puts the model in force, by the acts of the node', async () => {
    await inStore((driver) => append(driver, events.slice(20)));
    const dry = json(['train', '--promote', '--dry-run']);
    expect(dry).toMatchObject({ status: 0, answer: { status: 'champion', version: 1, dry_run: true }, said: '' });
    expect(json(['models', 'list']).answer.models).toEqual([]);
    const done = json(['train', '--promote']);
    expect(done).toMatchObject({ status: 0, answer: { status: 'champion', version: 1, is_new: true }, said: '' });
    expect(done.answer.gates).toEqual(dry.answer.gates);
    const again = billingAudit('train', '--promote');
    expect([again.status, again.stdout]).toEqual([
      0,
      expect.stringMatching(/^Model 1, which is kept already, learned/u),
    ]);
    expect(again.stdout).toMatch(/\n {2}passed {2}.+\nModel 1 is in force\.\n$/su);
    expect(json(['train', '--promote', '--dry-run'])).toMatchObject({
      ...{ status: 0, answer: { status: 'champion', version: 1, is_new: false, dry_run: true } },
    });
    expect(json(['models', 'list']).answer.models).toMatchObject([
      { version: 1, status: 'champion', trained_by: expect.stringContaining('(command line)') as string },
    ]);
    expect(await acts()).toEqual([expect.stringMatching(/^model_promoted: .* \(command line\) put model 1 in force/u)]);
  });

  it('moves models as the node does, and refuses one whose gates failed with their sentence', async () => {
    await inStore(async (driver) => {
      const store = modelsOver(driver);
      const { model, body } = await store.champion(null);
      const gates = [{ name: 'precision', passed: false, because: 'It finds 3 % less than the champion.' }];
      const { data, metrics } = model!;
      const made = { data, metrics, gates, body: body!, seed: 9, by: 'a test', reason: gates[0]!.because };
      await store.putModel({ ...made, description: '{"kind":"risk-model","seed":9}', status: 'refused' });
    });
    const refused = json(['models', 'promote', '2', '--reason', 'try it']);
    expect(refused).toMatchObject({ status: 1, answer: { refused: ['It finds 3 % less than the champion.'] } });
    expect(billingAudit('models', 'promote', '2', '--reason', 'try it').stdout).toContain('3 % less than the champion');
    const despite = ['models', 'promote', '2', '--reason', 'try it', '--despite-gates'];
    expect(json([...despite, '--dry-run'])).toMatchObject({ status: 0, answer: { dry_run: true } });
    expect((await acts()).at(-1)).toMatch(/^model_trained: Model 2/u);
    expect(billingAudit(...despite)).toMatchObject({ status: 0, stdout: 'Model 2 is in force.\n' });
    expect(billingAudit('models', 'rollback', '--reason', 'no', '--model', '1')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('Model 2 is in force by now') as string,
    });
    expect(json(['models', 'rollback', '--reason', 'too loud', '--dry-run']).answer).toEqual({
      before: 2,
      dry_run: true,
    });
    expect(billingAudit('models', 'rollback', '--reason', 'too loud').stdout).toBe(
      'Model 2 was taken back; model 1 is in force.\n',
    );
    expect(billingAudit('models', 'promote', '7', '--reason', 'x')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('There is no model 7') as string,
    });
    const said = await acts();
    expect(said.at(-2)).toMatch(/^model_promoted: .*put model 2 in force .*try it.*Its gates said: It finds 3 % less/u);
    expect(said.at(-1)).toMatch(
      /^model_rolled_back: .*\(command line\) took model 2 back; model 1 is in force: too loud/u,
    );
  });

  it('does not put a model in force by training that was taken back, and says how that is done', async () => {
    expect(billingAudit('models', 'rollback', '--reason', 'too loud').stdout).toContain('no model is in force');
    const retired = { status: 1, answer: { status: 'retired', version: 1, is_new: false } };
    // Another model is newer than it.
    expect(json(['train', '--promote', '--dry-run'])).toMatchObject(retired);
    expect(json(['train', '--promote'])).toMatchObject(retired);
    expect(billingAudit('train', '--promote')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/\nModel 1 is retired .*"billing-audit models promote 1 --reason/u) as string,
    });
    expect(billingAudit('models', 'promote', '1', '--reason', 'quiet by now').status).toBe(0);
    expect(billingAudit('train', '--promote').status).toBe(0);
  });

  it('refuses a model whose gates nobody can name, since 50 are newer', async () => {
    await inStore(async (driver) => {
      const store = modelsOver(driver);
      const { model, body } = await store.champion(null);
      const { data, metrics } = model!;
      for (let seed = 10; seed < 60; seed += 1)
        await store.putModel({
          ...{ data, metrics, gates: [], body: body!, seed, by: 'a test', status: 'refused' },
          description: `{"kind":"risk-model","seed":${seed}}`,
        });
    });
    const old = ['models', 'promote', '2', '--reason', 'try it'];
    for (const words of [old, [...old, '--dry-run'], [...old, '--despite-gates', '--dry-run']])
      expect(billingAudit(...words)).toMatchObject({
        status: 3,
        stderr: expect.stringContaining('Model 2 was not put in force: it is not among the newest 50') as string,
      });
    expect((await acts()).at(-1)).toMatch(/^model_trained/u);
    // It was in force before the one that is, so it is kept, and a person may decide for it.
    expect(billingAudit(...old, '--despite-gates').stdout).toBe('Model 2 is in force.\n');
    expect(billingAudit('models', 'promote', '99', '--reason', 'x').stderr).toContain('There is no model 99');
  });

  it('says of a model in force that this version cannot use it, and what to do', async () => {
    const version = await inStore(async (driver) => {
      const store = modelsOver(driver);
      const { data, metrics } = (await store.champion(null)).model!;
      const { model } = await store.putModel({
        ...{ data, metrics, gates: [], seed: 60, by: 'a test', status: 'challenger' },
        ...{ body: '{"kind":"risk-engine","version":1}', description: '{"kind":"risk-model","seed":60}' },
      });
      return model.version;
    });
    const why = new RegExp(`Model ${version} cannot be used, so rule points stand alone: .*version 1\\.`, 'u');
    expect(billingAudit('models', 'list').stdout).not.toContain('cannot be used');
    expect(billingAudit('models', 'promote', String(version), '--reason', 'x').stdout).toMatch(
      new RegExp(
        `^Model ${version} is in force\\.\n${why.source}\n"billing-audit train --promote" trains a new one`,
        'u',
      ),
    );
    expect(billingAudit('models', 'list').stdout).toMatch(why);
    expect(json(['models', 'list']).answer.models).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ version, problem: expect.stringMatching(why) as string })]),
    );
    const back = json(['models', 'rollback', '--reason', 'x']).answer;
    expect(back).toMatchObject({ before: version, model: { version: 2 } });
    expect(back.model).not.toHaveProperty('problem');
  });
});
