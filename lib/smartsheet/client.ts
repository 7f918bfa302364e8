import {
  historyAnswer,
  newSheetResult,
  rowsResult,
  sheetAnswer,
  understood,
  userAnswer,
  versionAnswer,
  webhookAnswer,
  webhookPage,
  webhookResult,
} from './answers';
import type { HistoryEntry, RowRead, SheetRead, SmartsheetUser, SmartsheetWebhook } from './answers';
import type { Http } from '../ports';
import { listColumns, listSheets, type ListedColumn, type ListedSheet, type SheetFilter } from './choices';
import { eventCalls, type EventCalls } from './events';
import { ask, oneTry, type Exchange } from './exchange';
import { hangingCalls, type HangingCalls } from './hangings';
import { sheetsInWorkspace } from './workspaces';
import { WriteQueue } from './write-queue';

/** How far a read of many pages has come. */
export type Progress = (done: number, total: number) => void;

export interface NewWebhook {
  readonly name: string;
  readonly sheetId: string;
  readonly callbackUrl: string;
  /** Only changes of these columns are called for; left out or empty: of all. Fixed when it is made (reference §2.3). */
  readonly columnIds?: readonly string[];
}

export interface NewSheet {
  /** At most 50 characters. */
  readonly name: string;
  readonly columns: readonly { readonly title: string; readonly type: string; readonly primary?: boolean }[];
  /** Null: at home, under Sheets. */
  readonly workspaceId: string | null;
}

/** What the product asks of Smartsheet. Every method waits for the token's budget and tries again what may pass. */
export interface SmartsheetClient extends HangingCalls, EventCalls {
  me(): Promise<SmartsheetUser>;
  user(userId: string): Promise<SmartsheetUser>;
  /** The sheets that the token can see, for somebody who chooses. */
  listSheets(filter?: SheetFilter): Promise<readonly ListedSheet[]>;
  /** Ids of all sheets in a workspace, those in its folders too. */
  sheetsInWorkspace(workspaceId: string): Promise<readonly string[]>;
  /** The columns of a sheet, in its order, without a row. */
  listColumns(sheetId: string): Promise<readonly ListedColumn[]>;
  sheetVersion(sheetId: string): Promise<number>;
  /** The whole sheet. Name, columns and version are those of the first page: what changed since is above that version. */
  wholeSheet(sheetId: string, progress?: Progress): Promise<SheetRead>;
  /** The sheet's facts and the rows named; a row that is gone is missing from `rows`. At most 300 ids: they travel in the address. */
  sheetRows(sheetId: string, rowIds: readonly string[]): Promise<SheetRead>;
  /** Name, columns, version and the number of rows; no rows. */
  sheetFacts(sheetId: string): Promise<SheetRead>;
  /** Rows modified at or after `since`; deleted ones are not among them. */
  rowsModifiedSince(sheetId: string, since: string): Promise<SheetRead>;
  /** Ids of all rows, read by one column to keep it small. */
  rowIds(sheetId: string, columnId: string): Promise<readonly string[]>;
  /** Every value that the cell held, in the order in which Smartsheet lists them. Limited to 30 a minute. */
  cellHistory(sheetId: string, rowId: string, columnId: string): Promise<readonly HistoryEntry[]>;
  /**
   * Adds rows at the sheet's end, each a value for each column id, after whatever else is being written to that sheet.
   * Not repeated by itself when the answer is lost: the rows may be there.
   * @returns their ids
   */
  addRows(sheetId: string, rows: readonly Readonly<Record<string, NewValue>>[]): Promise<readonly string[]>;
  /**
   * Makes a sheet. Not repeated by itself when the answer is lost: the sheet may be there.
   * @returns its id
   */
  createSheet(sheet: NewSheet): Promise<string>;
  /** One page, newest first; a page shorter than `pageSize` is the last. */
  webhooks(page: number, pageSize: number): Promise<readonly SmartsheetWebhook[]>;
  createWebhook(webhook: NewWebhook): Promise<SmartsheetWebhook>;
  webhook(webhookId: string): Promise<SmartsheetWebhook>;
  enableWebhook(webhookId: string): Promise<SmartsheetWebhook>;
  deleteWebhook(webhookId: string): Promise<void>;
}

export type NewValue = string | number | boolean;

export const MOST_ROWS_PER_ADDRESS = 300;
const ROWS_PER_PAGE = 1000;
const IDS_PER_PAGE = 5000;
const HISTORY_PER_PAGE = 100;
const ROW_FLAGS = 'include=writerInfo,rowPermalink,objectValue';

/** A client for one token at one address. */
export function createClient(given: Exchange): SmartsheetClient {
  const exchange: Exchange = { ...given, writes: given.writes ?? new WriteQueue() };
  return {
    ...peopleCalls(exchange),
    listSheets: (filter) => listSheets(exchange, filter),
    sheetsInWorkspace: (workspaceId) => sheetsInWorkspace(exchange, workspaceId),
    listColumns: (sheetId) => listColumns(exchange, sheetId),
    ...sheetCalls(exchange),
    addRows: (sheetId, rows) => addRows(exchange, sheetId, rows),
    createSheet: (sheet) => createSheet(exchange, sheet),
    ...hangingCalls(exchange),
    ...eventCalls(exchange),
    ...webhookCalls(exchange),
  };
}

/**
 * Whose token it is, asked once and without a budget: for somebody who waits for the answer.
 * @throws SmartsheetRefused, SmartsheetUnavailable
 */
export function whoOwns(http: Http, token: string, base: string): Promise<SmartsheetUser> {
  return peopleCalls(oneTry({ http, token, base })).me();
}

function peopleCalls(exchange: Exchange): Pick<SmartsheetClient, 'me' | 'user'> {
  const read = async (path: string, what: string): Promise<SmartsheetUser> =>
    understood(userAnswer, await ask(exchange, { method: 'GET', path, what }), what);
  return {
    me: () => read('users/me', 'tell who the token belongs to'),
    user: (userId) => read(`users/${userId}`, `name user ${userId}`),
  };
}

type SheetCalls = Pick<
  SmartsheetClient,
  'sheetVersion' | 'wholeSheet' | 'sheetRows' | 'sheetFacts' | 'rowsModifiedSince' | 'rowIds' | 'cellHistory'
>;

function sheetCalls(exchange: Exchange): SheetCalls {
  const readSheet = async (sheetId: string, query: string): Promise<SheetRead> => {
    const what = `read sheet ${sheetId}`;
    return understood(
      sheetAnswer,
      await ask(exchange, { method: 'GET', path: `sheets/${sheetId}?${query}`, what }),
      what,
    );
  };
  const readPages = async (
    sheetId: string,
    query: string,
    pageSize: number,
    progress?: Progress,
  ): Promise<SheetRead> => {
    const first = await readSheet(sheetId, `${query}&page=1&pageSize=${pageSize}`);
    const rows = new Map<string, RowRead>();
    // A page may be short, empty, or repeat the last one when there is nothing more (reference §1): stop at no news.
    for (let page = 1, read = first; ; page += 1) {
      const before = rows.size;
      for (const row of read.rows) if (!rows.has(row.id)) rows.set(row.id, row);
      progress?.(rows.size, first.totalRowCount ?? rows.size);
      if (rows.size === before || read.rows.length < pageSize) break;
      read = await readSheet(sheetId, `${query}&page=${page + 1}&pageSize=${pageSize}`);
    }
    return { ...first, rows: [...rows.values()] };
  };
  return {
    async sheetVersion(sheetId) {
      const what = `read the version of sheet ${sheetId}`;
      return understood(
        versionAnswer,
        await ask(exchange, { method: 'GET', path: `sheets/${sheetId}/version`, what }),
        what,
      ).version;
    },
    wholeSheet: (sheetId, progress) => readPages(sheetId, ROW_FLAGS, ROWS_PER_PAGE, progress),
    sheetRows: (sheetId, rowIds) => {
      const query = `${ROW_FLAGS}&rowIds=${rowIds.join(',')}&page=1&pageSize=${ROWS_PER_PAGE}`;
      return readSheet(sheetId, query);
    },
    sheetFacts: async (sheetId) => ({ ...(await readSheet(sheetId, 'page=1&pageSize=1')), rows: [] }),
    rowsModifiedSince: (sheetId, since) =>
      readPages(sheetId, `${ROW_FLAGS}&rowsModifiedSince=${encodeURIComponent(since)}`, ROWS_PER_PAGE),
    rowIds: async (sheetId, columnId) =>
      (await readPages(sheetId, `columnIds=${columnId}`, IDS_PER_PAGE)).rows.map(({ id }) => id),
    cellHistory: (sheetId, rowId, columnId) => readHistory(exchange, sheetId, rowId, columnId),
  };
}

async function addRows(
  exchange: Exchange,
  sheetId: string,
  rows: readonly Readonly<Record<string, NewValue>>[],
): Promise<readonly string[]> {
  const what = `add rows to sheet ${sheetId}`;
  const body = rows.map((row) => ({
    toBottom: true,
    cells: Object.entries(row).map(([columnId, value]) => ({ columnId: Number(columnId), value })),
  }));
  const path = `sheets/${sheetId}/rows`;
  const call = { method: 'POST', path, body, what, writesTo: `sheet ${sheetId}`, repeatable: false } as const;
  return understood(rowsResult, await ask(exchange, call), what).result.map(({ id }) => id);
}

async function createSheet(exchange: Exchange, { name, columns, workspaceId }: NewSheet): Promise<string> {
  const what = `make the sheet ${JSON.stringify(name)}`;
  const path = workspaceId === null ? 'sheets' : `workspaces/${workspaceId}/sheets`;
  const call = { method: 'POST', path, body: { name, columns }, what, writesTo: 'the list of sheets' } as const;
  return understood(newSheetResult, await ask(exchange, { ...call, repeatable: false }), what).result.id;
}

async function readHistory(
  exchange: Exchange,
  sheetId: string,
  rowId: string,
  columnId: string,
): Promise<readonly HistoryEntry[]> {
  const what = `read the history of row ${rowId}, column ${columnId} in sheet ${sheetId}`;
  const entries: HistoryEntry[] = [];
  for (let page = 1; ; page += 1) {
    const path =
      `sheets/${sheetId}/rows/${rowId}/columns/${columnId}/history` +
      `?include=objectValue&page=${page}&pageSize=${HISTORY_PER_PAGE}`;
    const answer = await ask(exchange, { method: 'GET', path, what, cost: { requests: 10, history: 1 } });
    const { data } = understood(historyAnswer, answer, what);
    const repeats = page > 1 && JSON.stringify(data) === JSON.stringify(entries.slice(-data.length));
    if (!repeats) entries.push(...data);
    if (repeats || data.length < HISTORY_PER_PAGE) return entries;
  }
}

function webhookCalls(
  exchange: Exchange,
): Pick<SmartsheetClient, 'webhooks' | 'createWebhook' | 'webhook' | 'enableWebhook' | 'deleteWebhook'> {
  return {
    async webhooks(page, pageSize) {
      const what = 'list the webhooks';
      const path = `webhooks?page=${page}&pageSize=${pageSize}`;
      return understood(webhookPage, await ask(exchange, { method: 'GET', path, what }), what).data;
    },
    async createWebhook({ name, sheetId, callbackUrl, columnIds = [] }) {
      const what = `create a webhook for sheet ${sheetId}`;
      const scope = { scope: 'sheet', scopeObjectId: Number(sheetId), events: ['*.*'], version: 1 };
      const subscope = columnIds.length === 0 ? {} : { subscope: { columnIds: columnIds.map(Number) } };
      // Not repeated by itself when the answer is lost: the next look at the list finds what was made.
      const call = {
        method: 'POST',
        path: 'webhooks',
        body: { name, callbackUrl, ...scope, ...subscope },
        what,
        writesTo: `the webhooks of sheet ${sheetId}`,
        repeatable: false,
      } as const;
      return understood(webhookResult, await ask(exchange, call), what).result;
    },
    async webhook(webhookId) {
      const what = `read webhook ${webhookId}`;
      return understood(
        webhookAnswer,
        await ask(exchange, { method: 'GET', path: `webhooks/${webhookId}`, what }),
        what,
      );
    },
    async enableWebhook(webhookId) {
      const what = `enable webhook ${webhookId}`;
      const writesTo = `webhook ${webhookId}`;
      const call = { method: 'PUT' as const, writesTo, path: `webhooks/${webhookId}`, body: { enabled: true }, what };
      return understood(webhookResult, await ask(exchange, call), what).result;
    },
    async deleteWebhook(webhookId) {
      const writesTo = `webhook ${webhookId}`;
      const what = `delete webhook ${webhookId}`;
      await ask(exchange, { method: 'DELETE', path: `webhooks/${webhookId}`, writesTo, what });
    },
  };
}
