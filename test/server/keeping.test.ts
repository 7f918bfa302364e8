import { join, resolve } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { accessEvent } from '../store/contract/access';
import { event, observation, sheetId } from '../store/examples';
import { layStoreOf, newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

jest.setTimeout(300_000);
const PALETTE = resolve(__dirname, '../../dist/node-red');
const folder = newFolder();
const home = join(folder, 'home');

beforeAll(async () => {
  openHome(home);
  await layStoreOf(home);
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: join(PALETTE, 'supabase'),
  });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await store.append([event('one', { changed_by: 'ana@example.com' }), event('two', { sheet_id: '5502' })]);
  await store.recordAccess({ events: [accessEvent('1', { person: 'bea@example.com' })] });
  await store.resolve(observation('09:00:00', { sheet_id: '5501', sheet_name: 'Yard', baseline: true }));
  // More sheets than any list of them holds, all before that one by name.
  const others = "select (6000 + n)::text, 'Billing ' || n from generate_series(1, 1000) as n";
  await driver.transaction([{ sql: `insert into billing_audit.sheets (sheet_id, name) ${others}` }]);
  await driver.close();
});
afterAll(() => removeFolder(folder));

const billingAudit = (...words: readonly string[]) => runCli([...words, '--home', home], folder);

describe('billing-audit hold set', () => {
  it.each([
    ['a time that ends before it begins', ['--from', '2026-05-01', '--to', '2026-01-01'], '--to'],
    ['a time without length', ['--from', '2026-05-01', '--to', '2026-05-01'], 'Nothing lies between them'],
    ['a sheet by its name', ['--sheet', 'Billing'], '--sheet'],
  ])('refuses %s: it would hold nothing', (_, words, said) => {
    expect(billingAudit('hold', 'set', '--reason', 'Case 12', ...words)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(said) as string,
    });
    expect(billingAudit('hold', 'list').stdout).toBe('Nothing is held.\n');
  });
});

describe('billing-audit hold set --person', () => {
  const holdOf = (person: string, ...words: readonly string[]) => {
    const set = billingAudit('hold', 'set', '--person', person, '--reason', 'Case 12', ...words);
    const id = /"id":"(\d+)"|hold (\d+) on/u.exec(set.stdout)?.slice(1).find(Boolean) ?? '';
    expect(billingAudit('hold', 'release', id, '--reason', 'Closed').status).toBe(0);
    return set;
  };

  it('says that nothing is of an address that may be misspelt, and holds what is still to come', () => {
    const none = 'No event is of anna@example.com: check the spelling if you expected any.';
    const { status, stdout } = holdOf('anna@example.com');
    expect({ status, said: stdout.split('\n') }).toEqual({
      status: 0,
      said: [expect.stringMatching(/^Set: hold \d+ on what anna@example\.com changed/) as string, none, ''],
    });
    expect(JSON.parse(holdOf('anna@example.com', '--json').stdout)).toMatchObject({ warnings: [none] });
  });

  it.each([
    ['changed something', ' Ana@example.com '],
    ['only signed in', 'bea@example.com'],
  ])('says nothing more of somebody who %s', (_, person) => {
    const { stdout } = holdOf(person, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ person: person.trim().toLowerCase(), warnings: [] });
  });
});

describe('billing-audit erase', () => {
  const erase = (person: string, ...words: readonly string[]) =>
    billingAudit('erase', '--person', person, '--reason', 'Request of 12 May', ...words);

  it('says that nothing is of an address that may be misspelt, before and after', () => {
    const none = 'No event is of anna@example.com: check the spelling if you expected any.\n';
    expect(erase('anna@example.com').stdout).toBe(`${none}Nothing was erased: add --yes to do it.\n`);
    expect(erase('anna@example.com', '--yes').stdout).toBe(
      `${none}What else was kept of that address, in the directory of people for example, is erased.\nThe trail says so as erasure 1.\n`,
    );
  });

  it('tells how much it would erase, and how much it has erased', () => {
    expect(erase('Ana@example.com').stdout).toMatch(
      /^1 event would lose its values and personal fields, from \S+ to \S+\.\nNothing was erased: add --yes to do it\.\n$/,
    );
    expect(erase('Ana@example.com', '--yes').stdout).toMatch(
      /^1 event lost its values and personal fields, from \S+ to \S+\.\nThe trail says so as erasure 2\.\n$/,
    );
  });
});

describe('billing-audit search --after', () => {
  const search = (...words: readonly string[]) => billingAudit('search', '--limit', '1', '--json', ...words);
  const lines = (stdout: string): Record<string, unknown>[] =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it.each(['newest', 'delta', 'money_at_risk'])('goes on after the mark of a page in the order %s', (order) => {
    const [first, end] = lines(search('--order', order).stdout);
    const [second] = lines(search('--order', order, '--after', String(end?.['next'])).stdout);
    expect([first?.['event_key'], second?.['event_key']].sort()).toEqual(['one', 'two']);
  });

  it('refuses a mark that is none as misused', () => {
    expect(search('--after', 'garbage')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"garbage", which is no mark of a page') as string,
    });
  });
});

describe('billing-audit export --sheet', () => {
  const exported = (sheet: string, ...words: readonly string[]) =>
    billingAudit('export', '--from', '2026-01-01', '--to', '2026-02-28', '--out', 'a.csv', '--sheet', sheet, ...words);

  it('says of a sheet that was never watched that nothing of it can be there', () => {
    expect(exported('99')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Sheet 99 was never watched here') as string,
    });
    expect(JSON.parse(exported(sheetId, '--json').stdout)).toMatchObject({ changes: 1, never_watched: [] });
  });

  it('knows a sheet that is watched, though nothing happened on it and 1,000 others come before it by name', () => {
    expect(JSON.parse(exported('5501', '--json').stdout)).toMatchObject({ changes: 0, never_watched: [] });
  });
});

describe('where months were archived', () => {
  beforeAll(async () => {
    const driver = await openEmbeddedStore({
      directory: join(home, 'store', 'embedded'),
      workerPath: join(PALETTE, 'store-worker.js'),
      migrations: join(PALETTE, 'supabase'),
    });
    await driver.transaction([
      {
        sql: `insert into billing_audit.archives
          (month, file, sha256, events, first_changed_at, last_changed_at, reason, archived_by, archived_at)
          values ('2025-12-01', '2025-12.zip', repeat('0', 64), 3, now(), now(), 'Old', 'Kim', now())`,
      },
    ]);
    await driver.close();
  });

  it('erasing and holding say which files they do not reach', () => {
    const erase = (...words: readonly string[]) =>
      billingAudit('erase', '--person', 'ana@example.com', '--reason', 'Request of 12 May', ...words).stdout;
    const told = 'What was archived is out of reach, whatever it holds of that person: 2025-12.zip.\n';
    expect(erase()).toContain(told);
    expect(erase('--yes')).toContain(told);
    expect(JSON.parse(erase('--json'))).toMatchObject({ out_of_reach: ['2025-12.zip'] });
    const { stdout } = billingAudit('hold', 'set', '--sheet', '5501', '--reason', 'Case 14');
    expect(stdout).toContain('What was archived is held by nobody but you: keep 2025-12.zip.');
  });
});
