import {
  type ImportedLines,
  type ImportedPlace,
  modelsOver,
  type ModelStore,
  type NewModel,
  secretBox,
  storeOver,
  type Store,
} from '../../../lib/store';
import { sha256Hex } from '../../../lib/hash';
import type { AuditEvent } from '../../../lib/event';
import { emptyStore } from '../empty-store';
import { event } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function modelsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let models: ModelStore;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    models = modelsOver(driver);
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const data = {
    sha256: 'a'.repeat(64),
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-02-01T00:00:00.000Z',
    events: 900,
    labelled: 3,
    incidents: 2,
  };
  const gates = [{ name: 'enough', passed: false, because: '2 incidents are too few.' }];
  const model = (name: number, status: NewModel['status'] = 'champion'): NewModel => ({
    ...{ description: `{"model":${name}}`, body: `{"name":${name}}`, data, seed: 7, status, by: 'a training' },
    ...{ metrics: { ap: 0.5, auc: null }, gates },
  });
  const admin = { by: 'boss@example.com', role: 'admin', reason: 'too loud' };
  const inForce = async (): Promise<number | null> => (await models.champion(null)).model?.version ?? null;
  const statuses = async (): Promise<string[]> => (await models.models(50)).map((each) => each.status);

  describe('a model', () => {
    it('is kept with what it learned from, and its hash resolves to its description', async () => {
      const { model: kept, isNew } = await models.putModel(model(1));
      expect(isNew).toBe(true);
      expect(kept).toMatchObject({ version: 1, data, seed: 7, gates, metrics: { ap: 0.5, auc: null }, is_kept: true });
      expect(await store.inForce([kept.hash])).toMatchObject([{ kind: 'model', text: '{"model":1}' }]);
      expect(await models.champion(null)).toEqual({ model: kept, body: '{"name":1}' });
      expect(await models.champion(kept.hash)).toEqual({ model: kept, body: null });
    });

    it('has the hash of its text, and no other text past the functions', async () => {
      const { model: kept } = await models.putModel(model(1));
      expect(kept.body_sha256).toBe(sha256Hex('{"name":1}'));
      for (const other of [`body = '{"name":2}'`, `body_sha256 = repeat('0', 64)`])
        await expect(driver.transaction([{ sql: `update billing_audit.models set ${other}` }])).rejects.toThrow(
          /Model 1 is kept byte for byte/u,
        );
      // As a copy of a row comes in, by a move or a restore.
      const copied = `insert into billing_audit.models (version, hash, data, seed, metrics, gates, status, body, body_sha256, bytes, trained_by)
        select 2, hash, data, seed, metrics, gates, 'retired', '{"name":2}', body_sha256, bytes, trained_by from billing_audit.models`;
      await expect(driver.transaction([{ sql: copied }])).rejects.toThrow(/Model 2 is kept byte for byte/u);
      expect(await models.champion(null)).toEqual({ model: kept, body: '{"name":1}' });
    });

    it('that is put again is the same one', async () => {
      const { model: kept } = await models.putModel(model(1));
      expect(await models.putModel({ ...model(1), status: 'refused' })).toEqual({ model: kept, isNew: false });
    });

    it('that is refused changes nothing, and a new champion retires the old one', async () => {
      expect(await models.champion(null)).toEqual({ model: null, body: null });
      await models.putModel(model(1));
      await models.putModel(model(2, 'refused'));
      expect(await inForce()).toBe(1);
      await models.putModel(model(3));
      expect(await statuses()).toEqual(['champion', 'refused', 'retired']);
    });

    it('loses its body when five newer ones are kept, but not the champion and the one before it', async () => {
      await models.putModel(model(1));
      await models.putModel(model(2));
      for (let name = 3; name <= 9; name += 1) await models.putModel(model(name, 'refused'));
      const kept = (await models.models(50)).filter(({ is_kept }) => is_kept).map(({ version }) => version);
      expect(kept).toEqual([9, 8, 7, 2, 1]);
      expect(await models.models(50)).toHaveLength(9);
      await expect(models.promoteModel({ ...admin, version: 4 })).rejects.toMatchObject({
        sqlstate: 'BA006',
        message: 'Model 4 is no longer kept; its row is.',
      });
    });

    it('keeps its body while it is the one before the champion, and not one that was taken back', async () => {
      for (const name of [1, 2, 3]) await models.putModel(model(name));
      await models.rollBackModel(admin);
      for (let name = 4; name <= 9; name += 1) await models.putModel(model(name, 'refused'));
      const kept = (await models.models(50)).filter(({ is_kept }) => is_kept).map(({ version }) => version);
      expect(kept).toEqual([9, 8, 7, 2, 1]);
      expect(await models.rollBackModel(admin)).toMatchObject({ before: 2, model: { version: 1 } });
    });

    it.each([
      ['too large', { body: `"${'x'.repeat(2_097_152)}"` }],
      ['of an unknown status', { status: 'retired' as never }],
      ['without gates', { gates: undefined as never }],
    ])('%s is refused with a reason', async (_, wrong) => {
      await expect(models.putModel({ ...model(1), ...wrong })).rejects.toMatchObject({ sqlstate: 'BA001' });
      expect(await models.models(5)).toEqual([]);
    });
  });

  describe('an administrator', () => {
    it('takes models back one by one, until rule points stand alone', async () => {
      for (const name of [1, 2, 3]) await models.putModel(model(name));
      expect(await models.rollBackModel(admin)).toMatchObject({ before: 3, model: { version: 2 } });
      expect(await models.rollBackModel(admin)).toMatchObject({ before: 2, model: { version: 1 } });
      expect(await models.rollBackModel(admin)).toEqual({ before: 1, model: null });
      expect(await models.champion(null)).toEqual({ model: null, body: null });
      await expect(models.rollBackModel(admin)).rejects.toMatchObject({ sqlstate: 'BA006' });
      expect(await statuses()).toEqual(['retired', 'retired', 'retired']);
    });

    it('puts a refused one in force, and may take that back', async () => {
      await models.putModel(model(1));
      await models.putModel(model(2, 'refused'));
      expect(await models.promoteModel({ ...admin, version: 2 })).toMatchObject({ status: 'champion', version: 2 });
      expect(await models.rollBackModel(admin)).toMatchObject({ model: { version: 1 } });
    });

    it('weakens detection by one whose gates failed, and by no other', async () => {
      const risk = { name: 'risk', passed: false, because: 'Rule points stay the risk score.' };
      const passed = { name: 'steady', passed: true, because: 'It is steady.' };
      await models.putModel({ ...model(1, 'challenger'), gates: [passed, risk] });
      await models.putModel(model(2, 'refused'));
      for (const version of [1, 2]) await models.promoteModel({ ...admin, version });
      const { events } = await store.search({ kind: 'model_promoted' });
      expect(events).toMatchObject([
        {
          ...{ violation_type: 'CONFIGURATION_WEAKENED', severity: 'HIGH', changed_by: admin.by, new_value: '2' },
          issue_description: expect.stringContaining('2 incidents are too few.') as string,
        },
        { violation_type: 'NONE', severity: 'LOW', new_value: '1' },
      ]);
    });

    it('takes back the model that was shown, and no other that came meanwhile', async () => {
      for (const name of [1, 2, 3]) await models.putModel(model(name));
      await expect(models.rollBackModel({ ...admin, version: 2 })).rejects.toMatchObject({
        sqlstate: 'BA017',
        message: 'Model 3 is in force by now, not model 2, so none was taken back.',
      });
      expect(await inForce()).toBe(3);
      expect(await models.rollBackModel({ ...admin, version: 3 })).toMatchObject({ before: 3, model: { version: 2 } });
    });

    it('is asked for: nobody else moves a model, or has one trained', async () => {
      await models.putModel(model(1));
      for (const role of ['manager', 'viewer', '']) {
        const refused = { sqlstate: 'BA005' };
        await expect(models.rollBackModel({ ...admin, role })).rejects.toMatchObject(refused);
        await expect(models.promoteModel({ ...admin, role, version: 1 })).rejects.toMatchObject(refused);
        await expect(models.allowTraining({ by: admin.by, role })).rejects.toMatchObject(refused);
      }
      await models.allowTraining(admin);
      await expect(models.promoteModel({ ...admin, version: 9 })).rejects.toMatchObject({ sqlstate: 'BA006' });
      expect(await inForce()).toBe(1);
    });
  });

  describe('what a training reads', () => {
    it('is the trail in the order of storing, page by page, each change once', async () => {
      const keys = Array.from({ length: 7 }, (_, index) => `key:${index}`);
      await store.append(keys.map((key) => event(key, { changed_by: 'Clerk@example.com' })));
      await store.append([event('check', { kind: 'sheet_checked' })]);
      const read: string[] = [];
      for (let after: number | null = 0; after !== null;) {
        const page = await models.trailLines(after, 3);
        read.push(...page.lines.map(({ event_key }) => event_key));
        expect(page.lines.every(({ changed_by }) => changed_by === 'clerk@example.com')).toBe(true);
        after = page.next;
      }
      expect(read).toEqual(keys);
    });

    it('is imported history too, in the order of its own time, page by page, and where it stands in the trail', async () => {
      const past = (day: number): AuditEvent =>
        event(`imported:${day}`, {
          kind: 'imported',
          changed_at: `2025-01-0${day}T10:00:00.000Z`,
          changed_by: 'Ann@X.org',
        });
      await store.append([event('key:1')]);
      await driver.rpc('billing_audit_append', { events: [5, 2, 4].map(past), concern: 'imported' });
      await driver.rpc('billing_audit_append', { events: [3, 1].map(past), concern: 'imported' });
      const { lines, imported } = await models.trailLines(0, 100);
      expect(lines.map(({ event_key }) => event_key)).toEqual(['key:1']);
      expect(imported).toHaveLength(5);
      const read = async (upto: number | null): Promise<string[]> => {
        const keys: string[] = [];
        let after: ImportedPlace | null = null;
        do {
          const page: ImportedLines = await models.importedLines(upto, after, 2);
          expect(page.lines.every(({ changed_by, kind }) => changed_by === 'ann@x.org' && kind === 'imported')).toBe(
            true,
          );
          keys.push(...page.lines.map(({ event_key }) => event_key));
          after = page.next;
        } while (after);
        return keys;
      };
      expect(await read(null)).toEqual([1, 2, 3, 4, 5].map((day) => `imported:${day}`));
      expect(await read(imported[2]!)).toEqual([2, 4, 5].map((day) => `imported:${day}`));
    });

    it('holds what the directory said, and whose change a verdict is about', async () => {
      await store.savePeople([
        { ...{ email: 'clerk@example.com', name: 'C', role: 'clerk', access_level: 3, supervisor: null }, ...rest },
      ]);
      await store.append([event('key:1', { changed_by: 'clerk@example.com' })]);
      await store.mark({
        event_key: 'key:1',
        mark: 'false_alarm',
        reason: 'fine',
        by: 'boss@example.com',
        role: 'manager',
      });
      const { lines, settled } = await models.trailLines(0, 100);
      expect(lines.map(({ kind, about, subject }) => [kind, about, subject])).toEqual([
        ['person_saved', 'clerk@example.com', undefined],
        ['cell_changed', undefined, undefined],
        ['event_marked', 'key:1', 'clerk@example.com'],
      ]);
      // All of it is younger than a minute.
      expect(settled).toBeLessThan(lines[0]!.position);
    });

    it('holds judgements, and knows by the directory whose own they are', async () => {
      const boss = { ...{ email: 'boss@example.com', name: 'The Boss', role: 'manager' }, access_level: 5 };
      await store.append([event('key:1', { changed_by: 'clerk@example.com' })]);
      await store.append([event('key:2', { changed_by: 'boss@example.com' })]);
      const auditor = { by: 'auditor@example.com', role: 'auditor' } as const;
      await store.judge({ event_key: 'key:1', verdict: 'true', ...auditor });
      const dismissed = { event_key: 'key:2', mark: 'false_alarm', reason: 'fine' } as const;
      await store.mark({ ...dismissed, by: 'The Boss', role: 'manager' });
      await store.savePeople([{ ...boss, supervisor: null, ...rest }]);
      const { lines } = await models.trailLines(0, 100);
      expect(lines.filter(({ about }) => about?.startsWith('key:'))).toMatchObject([
        { kind: 'event_judged', about: 'key:1', new_value: 'true', subject: 'clerk@example.com', is_own: false },
        { kind: 'event_marked', about: 'key:2', subject: 'boss@example.com', is_own: true },
      ]);
    });

    it('holds the points of the rules whether a model spoke or not', async () => {
      const { model: kept } = await models.putModel(model(1));
      const because = 'It is so.';
      const points = (given: number): AuditEvent['reasons'][number] => ({ factor: 'a rule', points: given, because });
      const byModel = { risk_score: 0.123456, model_version: kept.hash };
      await store.append([
        event('rules', { risk_score: 0.3, reasons: [points(30)] }),
        event('model', { ...byModel, reasons: [points(30), points(12.5), { ...points(0), log_odds: 2 }] }),
        event('most', { ...byModel, reasons: [points(80), points(40)] }),
        event('none', { ...byModel, reasons: [] }),
        event('unknown', { risk_score: null }),
      ]);
      const { lines } = await models.trailLines(0, 100);
      const told = lines.filter(({ kind }) => kind === 'cell_changed').map((line) => [line.event_key, line.rule_score]);
      expect(told).toEqual([
        ['rules', 0.3],
        ['model', 0.425],
        ['most', 1],
        ['none', 0],
        ['unknown', null],
      ]);
    });

    it('holds every verdict, page by page', async () => {
      const keys = Array.from({ length: 5 }, (_, index) => `key:${index}`);
      await store.append(keys.map((key) => event(key, { changed_by: 'clerk@example.com' })));
      for (const event_key of keys) {
        await store.judge({ event_key, verdict: 'true', by: 'auditor@example.com', role: 'auditor' });
      }
      const told = await modelsOver(driver, 2).labels();
      expect(told.map(({ event_key }) => event_key)).toEqual(keys);
    });

    it('has no labels where the store keeps no verdicts of that kind', async () => {
      const missing: ModelStore = modelsOver({
        rpc: (name, p) => driver.rpc(name === 'billing_audit_list_feedback' ? 'billing_audit_no_such' : name, p),
      });
      expect(await missing.labels()).toEqual([]);
    });
  });
}

const rest = { department: null, last_review_at: null, active: true };
