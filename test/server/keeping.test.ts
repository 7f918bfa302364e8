import { join, resolve } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { event, sheetId } from '../store/examples';
import { newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

jest.setTimeout(300_000);
const PALETTE = resolve(__dirname, '../../dist/node-red');
const folder = newFolder();
const home = join(folder, 'home');

beforeAll(async () => {
  openHome(home);
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: join(PALETTE, 'supabase'),
  });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await store.append([event('one', { changed_by: 'ana@example.com' })]);
  await driver.close();
});
afterAll(() => removeFolder(folder));

const billingAudit = (...words: readonly string[]) => runCli([...words, '--home', home], folder);

describe('billing-audit hold set', () => {
  it.each([
    ['a time that ends before it begins', ['--from', '2026-05-01', '--to', '2026-01-01'], '--to'],
    ['a time without length', ['--from', '2026-05-01', '--to', '2026-05-01'], 'hold nothing'],
    ['a sheet by its name', ['--sheet', 'Billing'], '--sheet'],
  ])('refuses %s: it would hold nothing', (_, words, said) => {
    expect(billingAudit('hold', 'set', '--reason', 'Case 12', ...words)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(said) as string,
    });
    expect(billingAudit('hold', 'list').stdout).toBe('Nothing is held.\n');
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
});
