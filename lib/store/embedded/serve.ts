import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { NodeFS } from '@electric-sql/pglite/nodefs';
import type { Statement, WorkerCall, WorkerFailure, WorkerReply, WorkerRequest } from './protocol';

/** Files that know how often they were synced. */
export type CountedFiles = NodeFS & { readonly syncs: number; syncAll(): void };

/**
 * Small memory, a write-ahead log that stays small, commits that reach the disk. Measured: 16 MB of buffers cost no
 * speed here; without limits the log is recycled at 1 GB. ANALYZE looks at 1,500 rows of a table, however large it is:
 * 20 ms in which nobody is served, where the usual 30,000 take 500. Our plans are by index and need no more.
 */
const PARAMETERS = [
  'shared_buffers=16MB',
  'max_wal_size=128MB',
  'min_wal_size=32MB',
  'wal_sync_method=fsync',
  'default_statistics_target=5',
];

/**
 * Opens PGlite and serves requests one after another, each in a transaction of its own. Runs in the worker thread:
 * PGlite blocks its thread while it works.
 * @param makeFiles  the file system; given so that a test can plant one that does not sync and see it refused
 */
export async function serve(
  port: MessagePort,
  directory: string,
  makeFiles: (directory: string) => CountedFiles,
): Promise<void> {
  const say = (reply: WorkerReply): void => port.postMessage(reply);
  const isNew = !existsSync(join(directory, 'PG_VERSION'));
  const files = makeFiles(directory);
  const database = await PGlite.create({ fs: files, startParams: startParameters() });
  if (isNew) {
    await database.exec('checkpoint');
    files.syncAll();
  }
  if (!(await writesAreSynced(database, files))) {
    await database.close();
    say({ kind: 'not_synced', why: 'a committed write caused no sync of the disk' });
    return;
  }
  let last = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    last = last.then(async () => {
      say(await answer(database, files, directory, request));
      if (request.kind === 'close') port.close();
    });
  });
  say({ kind: 'ready', syncs: files.syncs });
}

/** PGlite's own start parameters without `-F`, which switches syncing off. */
function startParameters(): string[] {
  return [...PGlite.defaultStartParams.filter((flag) => flag !== '-F'), ...PARAMETERS.flatMap((set) => ['-c', set])];
}

async function writesAreSynced(database: PGlite, files: CountedFiles): Promise<boolean> {
  const before = files.syncs;
  await database.query(`select pg_logical_emit_message(true, 'billing_audit', 'does this reach the disk?')`);
  return files.syncs > before;
}

async function answer(
  database: PGlite,
  files: CountedFiles,
  directory: string,
  request: WorkerRequest,
): Promise<WorkerReply> {
  try {
    const value = await perform(database, directory, request);
    return { kind: 'answer', id: request.id, value, syncs: files.syncs };
  } catch (thrown) {
    return { kind: 'failure', id: request.id, failure: failureOf(thrown) };
  }
}

/** @returns JSON text: what a function answers is that already, and is not read and written once more */
async function perform(database: PGlite, directory: string, call: WorkerCall): Promise<string> {
  if (call.kind === 'rpc') return database.transaction((transaction) => callFunction(transaction, call));
  if (call.kind === 'transaction') {
    return JSON.stringify(await database.transaction((transaction) => runAll(transaction, call.statements)));
  }
  await keepUp(database, directory, call);
  return 'null';
}

async function keepUp(
  database: PGlite,
  directory: string,
  call: Exclude<WorkerCall, { kind: 'rpc' | 'transaction' }>,
): Promise<void> {
  switch (call.kind) {
    case 'checkpoint':
      return void (await database.exec('checkpoint'));
    case 'copy':
      await database.exec('checkpoint');
      return copyFolder(directory, call.to);
    case 'analyze':
      return void (await database.exec(`analyze ${call.table}`));
    case 'vacuum':
      return void (await database.exec(`vacuum (analyze) ${call.table}`));
    case 'close':
      await database.exec('checkpoint');
      return database.close();
  }
}

async function callFunction(transaction: Transaction, call: WorkerCall & { kind: 'rpc' }): Promise<string> {
  await transaction.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
    call.role,
    call.claims,
  ]);
  // The name was checked by the driver against billing_audit_[a-z_]+.
  const { rows } = await transaction.query<{ answer: string | null }>(
    `select public.${call.name}($1::jsonb)::text as answer`,
    [call.p],
  );
  return rows[0]?.answer ?? 'null';
}

async function runAll(transaction: Transaction, statements: readonly Statement[]): Promise<unknown> {
  let rows: unknown[] = [];
  for (const [statement, { sql, parameters }] of statements.entries()) {
    try {
      if (parameters) rows = (await transaction.query(sql, [...parameters])).rows;
      else rows = (await transaction.exec(sql)).at(-1)?.rows ?? [];
    } catch (thrown) {
      throw Object.assign(thrown as object, { statement });
    }
  }
  return rows;
}

/** Nothing writes meanwhile: this thread has the database, and does nothing else. Whole under its name, or not there. */
function copyFolder(from: string, to: string): void {
  const part = `${to}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(dirname(part), { recursive: true, mode: 0o700 });
  cpSync(from, part, { recursive: true });
  syncFolder(part);
  renameSync(part, to);
}

function syncFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const descriptor = openSync(join(entry.parentPath, entry.name), 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

function failureOf(thrown: unknown): WorkerFailure {
  const error = thrown as Partial<Record<'code' | 'message' | 'detail' | 'hint' | 'statement', unknown>>;
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return {
    sqlstate: text(error.code),
    message: text(error.message) ?? String(thrown),
    detail: text(error.detail),
    hint: text(error.hint),
    statement: typeof error.statement === 'number' ? error.statement : null,
  };
}
