import { setTimeout as pause } from 'node:timers/promises';
import { startAuditSheet, type AuditSheetRequest, type AuditSheetWriter } from '../../lib/audit-sheet';
import type { AuditEvent } from '../../lib/event';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { createClient, createLimiter } from '../../lib/smartsheet';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { event } from '../alert/samples';
import { recordingLog } from '../intake/support';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';

/** Recorded events on their way to a sheet of a real sandbox, out of a real store. */
export let sandbox: SandboxProcess;
let folder: string;
export let driver: EmbeddedStoreDriver;
export let log: ReturnType<typeof recordingLog>;
export let writers: AuditSheetWriter[] = [];
let made = 0;
export const watched = new Set<string>();
export const LONG = 120_000;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
}, 300_000);
afterAll(() => sandbox.stop());
beforeEach(async () => {
  folder = newFolder();
  driver = await openTestStore(folder, buildStoreWorker());
  log = recordingLog();
  watched.clear();
}, 300_000);
afterEach(async () => {
  await sandbox.control('POST', '/sandbox/faults', { failNext: null });
  for (const writer of writers) await writer.stop();
  writers = [];
  await driver.close();
  removeFolder(folder);
  for (const { id } of await auditSheets()) await sandbox.api('DELETE', `/sheets/${id}`);
}, 120_000);

export const request = (over: Partial<AuditSheetRequest> = {}): AuditSheetRequest => ({
  asker: 'trail',
  sheetId: null,
  mostRows: 1_000,
  smartsheet: { token: 'practice-token', base: `${sandbox.url}/2.0/` },
  ...over,
});

type Rpc = EmbeddedStoreDriver['rpc'];

export async function write(
  over: Partial<AuditSheetRequest> = {},
  rpc: Rpc = (...call) => driver.rpc(...call),
): Promise<AuditSheetWriter> {
  const machine = {
    http: httpOverFetch(),
    now: () => Date.now(),
    // Waits are short, so that what is tried again is tried soon.
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      pause(Math.min(milliseconds, 200), undefined, signal ? { signal } : {}),
    random: () => 0,
  };
  const writer = startAuditSheet({
    ...machine,
    driver: { rpc },
    log,
    soleOwner: true,
    connect: ({ token, base }, signal) =>
      createClient({ ...machine, token, base, signal, limiter: createLimiter(null, machine) }),
    isWatched: (id) => watched.has(id),
    leaveOut: () => undefined,
    onRecorded: () => undefined,
    settleSeconds: 0.1,
  });
  writers.push(writer);
  ended = await writer.desk.enlist(request(over));
  return writer;
}
/** As when the node that was deployed last is deployed without the audit sheet. */
export let ended: () => Promise<void> = async () => undefined;

/** Changes of so many cells, each another event. */
export function changes(count: number, over: Partial<AuditEvent> = {}): AuditEvent[] {
  return Array.from({ length: count }, () => {
    const number = (made += 1);
    const row_id = String(9_000_000 + number);
    return event({ row_id, old_value: String(number), new_value: '0', ...over, event_key: `8:${row_id}:3:1` });
  });
}
export const record = (events: readonly AuditEvent[]): Promise<unknown> =>
  driver.rpc('billing_audit_append', { events });

interface Sheet {
  readonly id: number;
  readonly name: string;
}
export async function auditSheets(): Promise<readonly Sheet[]> {
  const { body } = await sandbox.api<{ data: Sheet[] }>('GET', '/sheets?pageSize=500');
  return body.data.filter(({ name }) => name.startsWith('Billing Report Audit Log'));
}
export interface Rows {
  readonly columns: { readonly id: number; readonly title: string }[];
  readonly rows: { readonly id: number; readonly cells: { readonly columnId: number; readonly value?: unknown }[] }[];
}
export async function rowsOf(id: number): Promise<Record<string, unknown>[]> {
  const { body } = await sandbox.api<Rows>('GET', `/sheets/${id}?pageSize=1000`);
  const titles = new Map(body.columns.map((column) => [column.id, column.title]));
  return body.rows.map(({ cells }) =>
    Object.fromEntries(cells.map(({ columnId, value }) => [titles.get(columnId) ?? '', value])),
  );
}
export async function columnOf(id: number, title: string): Promise<number> {
  const { body } = await sandbox.api<Rows>('GET', `/sheets/${id}?pageSize=1`);
  return body.columns.find((column) => column.title === title)!.id;
}
/** The event keys in all audit sheets, sorted. */
export async function keysWritten(): Promise<unknown[]> {
  const rows = await Promise.all((await auditSheets()).map(({ id }) => rowsOf(id)));
  return rows
    .flat()
    .map((row) => row['Event Key'])
    .filter((key) => String(key).startsWith('8:'))
    .toSorted();
}
export const keysOf = (events: readonly AuditEvent[]): string[] => events.map(({ event_key }) => event_key).toSorted();
/** Looks into the table: whoever asks for the lease takes it, and a busy writer could never mark what it has written. */
export const nothingWaits = (): Promise<unknown> =>
  until(
    async () => {
      const sql = `select 1 from billing_audit.audit_sheet_rows where state = 'waiting' limit 1`;
      return (await driver.transaction([{ sql, parameters: [] }])).length === 0;
    },
    `an empty queue; log: ${log.lines.slice(-3).join(' | ')}`,
    LONG,
  );
export const theSheet = (): Promise<Sheet> => until(async () => (await auditSheets())[0], 'the sheet', LONG);
export async function troubles(): Promise<readonly { readonly title: string }[]> {
  return ((await driver.rpc('billing_audit_watch_troubles', {})) as { troubles: { title: string }[] }).troubles;
}
export const trouble = (about: string): Promise<unknown> =>
  until(
    async () => (await troubles()).length > 0 && log.lines.some((line) => line.includes(about)),
    `trouble about ${about}; log: ${log.lines.slice(-3).join(' | ')}`,
    LONG,
  );

/** The writer of before is gone without an end, as with its process. */
export function forgetWriters(): void {
  writers = [];
}
