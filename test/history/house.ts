import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Workbook } from '../../server/export/workbook';
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { defaultSettings } from '../../lib/settings';
import { type ImportParts } from '../../server/history';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');
export const SHEET = '4583173393803140';

/** A store of its own with what imports into it. */
export interface House {
  readonly driver: EmbeddedStoreDriver;
  readonly store: Store;
  readonly parts: ImportParts;
  close(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const folder = newFolder();
  const driver = await openTestStore(folder, buildStoreWorker());
  const store = storeOver(driver, { secrets: secretBox(Buffer.alloc(32, 7)) });
  return {
    driver,
    store,
    parts: { store, driver, settings: defaultSettings, now: () => NOW, source: 'a test', onProgress: () => undefined },
    async close() {
      await driver.close();
      removeFolder(folder);
    },
  };
}

/** The columns of the audit sheet, with the words that a row needs and some that it may have. */
export const TITLES = [
  'Work Request #',
  'Week Ending',
  'Column',
  'Old Value',
  'New Value',
  'Delta',
  'Changed By',
  'Changed At',
  'Source Sheet ID',
  'Source Row ID',
  'Run ID',
  'Is Historical?',
  'Severity',
  'Note',
] as const;

export function rowOf(number: number, over: Partial<Record<(typeof TITLES)[number], string>> = {}): string[] {
  const row: Record<(typeof TITLES)[number], string> = {
    'Work Request #': '90123.2',
    'Week Ending': '2026-01-11',
    Column: 'Units Total Price',
    'Old Value': '100',
    'New Value': `${100 + number}`,
    Delta: '',
    'Changed By': 'clerk@example.com',
    'Changed At': `2026-01-13T16:${String(number % 60).padStart(2, '0')}:00Z`,
    'Source Sheet ID': SHEET,
    'Source Row ID': `${7_000_000 + number}`,
    'Run ID': 'run-1',
    'Is Historical?': 'true',
    Severity: 'HIGH',
    Note: 'HISTORICAL_CHANGE',
    ...over,
  };
  return TITLES.map((title) => row[title]);
}

/** A workbook on disk, as a spreadsheet program would save it. */
export async function workbook(folder: string, rows: readonly (readonly (string | number)[])[]): Promise<string> {
  const pieces: Uint8Array[] = [];
  const book = new Workbook(async (piece) => void pieces.push(piece), NOW);
  const [titles = [], ...rest] = rows;
  const sheet = await book.sheet({ name: 'Log', titles: titles.map(String), widths: titles.map(() => 12) });
  for (const row of rest) {
    await sheet.row(row.map((cell) => (typeof cell === 'number' ? { number: String(cell) } : { text: cell })));
  }
  await sheet.end();
  await book.end(['Log']);
  const file = join(folder, 'log.xlsx');
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}

export function folderOf(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'billing-audit-history-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
