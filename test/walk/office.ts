import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alarming, event } from '../dashboard/events';
import { modelsOver } from '../../lib/store';
import { model } from '../dashboard/models';
import { buildShippedPalette, withDriver, withStore } from '../dashboard/pages';
import { startCommand, type RunningCommand } from '../server/setup/command';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';

/** A customer's server on its first day: a token, so that people sign in; a watched sheet; some changes recorded. */
export interface Office {
  readonly address: string;
  /** The passwords that the first start has shown. */
  readonly passwords: Readonly<Record<'admin' | 'viewer', string>>;
  stop(): Promise<void>;
}

const COLUMNS = [
  'Work Request #',
  'Weekly Referenced Logged Date',
  'Quantity',
  'Units Total Price',
  'Redlined Total Price',
];

export async function openOffice(): Promise<Office> {
  const folder = mkdtempSync(join(tmpdir(), 'walk-'));
  const home = join(folder, 'home');
  const sandbox = await startSandboxProcess();
  const sheet = await sandbox.control<{ id: string }>('POST', '/sandbox/sheets', {
    name: 'Billing, South',
    columns: COLUMNS,
    rows: [{ 'Work Request #': '90001.1', 'Weekly Referenced Logged Date': '2026-01-12', Quantity: '4' }],
  });
  await recordChanges(home);
  const server = startCommand(['start', '--port', '0', '--home', home], {
    cwd: folder,
    env: {
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
      SMARTSHEET_SHEETS: String(sheet.id),
    },
  });
  await server.says('Health', 150_000);
  const address = /Health\s+(\S+)\/health/u.exec(server.said())?.[1] ?? '';
  await until(async () => (await fetch(`${address}/health`)).ok, `health; the server said: ${server.said()}`);
  const password = (name: string): string => new RegExp(`  ${name}\\s+(\\S+)`, 'u').exec(server.said())?.[1] ?? '';
  return {
    address,
    passwords: { admin: password('admin'), viewer: password('viewer') },
    stop: () => close(folder, sandbox, server),
  };
}

async function close(folder: string, sandbox: SandboxProcess, server: RunningCommand): Promise<void> {
  server.child.kill('SIGTERM');
  await server.ended;
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Enough for every chart and table of the dashboard to have something to show. */
async function recordChanges(home: string): Promise<void> {
  buildShippedPalette();
  mkdirSync(join(home, 'store'), { recursive: true });
  await withStore(home, async (store) => {
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    const quiet = Array.from({ length: 40 }, (_, index) => event(100 + index, { changed_at: ago(60 * index + 30) }));
    const loud = [1, 2, 3].map((number) => alarming(number, { changed_at: ago(number * 400) }));
    await store.append([...quiet, ...loud]);
  });
  await withDriver(home, async (driver) => {
    for (const number of [1, 2]) await modelsOver(driver).putModel(model(number, number / 10));
  });
}
