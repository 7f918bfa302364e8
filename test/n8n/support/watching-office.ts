import { createHmac } from 'node:crypto';
import { startSandboxProcess, type SandboxProcess } from '../../support/sandbox';
import { until } from '../../support/until';
import type { StoreServer } from './store-server';

/** A sheet of the practice Smartsheet. */
export interface PracticeSheet {
  readonly id: string;
  readonly rowIds: readonly string[];
}

/** A webhook as Smartsheet has it, with what it delivered. */
export interface Hook {
  readonly id: number;
  readonly sheetId: number;
  readonly status: string;
  readonly callbackUrl: string;
  readonly deliveries: readonly { readonly state: string; readonly attempts: readonly { readonly status: number }[] }[];
}

/** The practice Smartsheet with billing sheets of its own. */
export interface PracticeOffice {
  readonly apiBase: string;
  sheet(name: string): Promise<PracticeSheet>;
  /** Changes a cell of the column Quantity. */
  edit(sheet: PracticeSheet, row: number, value: number, by?: string): Promise<void>;
  hooks(): Promise<readonly Hook[]>;
  /** Waits until each of these sheets, and no other, has one webhook, enabled. */
  untilHooked(...sheets: readonly PracticeSheet[]): Promise<void>;
  /** Waits until every callback of the webhooks was answered 200; Smartsheet repeats one that was not, after 15 s first. */
  untilDelivered(): Promise<void>;
  stop(): Promise<unknown>;
}

const COLUMNS = ['Work Request #', 'Weekly Referenced Logged Date', 'Quantity', 'Units Total Price'];
const CLERK = 'clerk@example.com';
/** n8n drops what a poll gave when the workflow is published meanwhile; its changes come again when their lease of 60 s is over. */
const PATIENCE = 120_000;

export async function startOffice(): Promise<PracticeOffice> {
  const sandbox: SandboxProcess = await startSandboxProcess('--no-rate-limits');
  const hooks = async (): Promise<readonly Hook[]> =>
    (await sandbox.control<{ webhooks: Hook[] }>('GET', '/sandbox/webhooks')).webhooks;
  return {
    apiBase: `${sandbox.url}/2.0/`,
    async sheet(name) {
      const rows = [1, 2, 3].map((number) => ({
        'Work Request #': `9000${number}.1`,
        'Weekly Referenced Logged Date': '2026-08-05',
        Quantity: 10 * number,
        'Units Total Price': 500,
      }));
      const made = await sandbox.control<{ id: number; rows: { id: number }[] }>('POST', '/sandbox/sheets', {
        name,
        columns: COLUMNS,
        rows,
      });
      return { id: String(made.id), rowIds: made.rows.map(({ id }) => String(id)) };
    },
    async edit(sheet, row, value, by = CLERK) {
      const rowId = sheet.rowIds[row];
      await sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId, column: 'Quantity', value, by });
    },
    hooks,
    async untilHooked(...sheets) {
      const wanted = sheets.map(({ id }) => `${id} ENABLED`).toSorted();
      const found = async (): Promise<string[]> =>
        (await hooks()).map(({ sheetId, status }) => `${sheetId} ${status}`).toSorted();
      await until(
        async () => JSON.stringify(await found()) === JSON.stringify(wanted),
        `webhooks of ${JSON.stringify(wanted)}`,
        PATIENCE,
      );
    },
    async untilDelivered() {
      const last = async (): Promise<(number | undefined)[]> =>
        (await hooks()).flatMap(({ deliveries }) => deliveries.map(({ attempts }) => attempts.at(-1)?.status));
      await until(async () => (await last()).every((status) => status === 200), 'every callback to be taken', 90_000);
    },
    stop: () => sandbox.stop(),
  };
}

interface Recorded {
  readonly event_key: string;
  readonly sheet_id: string;
  readonly row_id: string;
  readonly column_name: string;
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly changed_by: string | null;
}

/** What the trail has of a row's quantity, oldest first: `10 -> 12 clerk@example.com`. */
export async function trailOf(store: StoreServer, sheet: PracticeSheet, row: number): Promise<readonly string[]> {
  const { events } = await store.rpc<{ events: Recorded[] }>('billing_audit_search', { limit: 1000 });
  const revision = ({ event_key }: Recorded): number => Number(event_key.split(':').at(-1));
  return events
    .filter((event) => event.sheet_id === sheet.id && event.row_id === sheet.rowIds[row])
    .filter(({ column_name }) => column_name === 'Quantity')
    .toSorted((one, other) => revision(one) - revision(other))
    .map((event) => `${event.old_value} -> ${event.new_value} ${event.changed_by}`);
}

/** Waits until the trail of a row has so many changes or more. @returns them */
export function untilRecorded(
  store: StoreServer,
  sheet: PracticeSheet,
  row: number,
  count: number,
): Promise<readonly string[]> {
  const found = async (): Promise<readonly string[] | null> => {
    const trail = await trailOf(store, sheet, row);
    return trail.length >= count ? trail : null;
  };
  return until(found, `${count} changes of row ${row} in the trail`, PATIENCE);
}

/** A callback that names a webhook and is signed with a secret that is not its. */
export async function forgedCallback({ id, sheetId, callbackUrl }: Hook): Promise<number> {
  const body = JSON.stringify({ nonce: 'forged', webhookId: id, scope: 'sheet', scopeObjectId: sheetId, events: [] });
  const signature = createHmac('sha256', 'guessed').update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'smartsheet-hmac-sha256': signature };
  return (await fetch(callbackUrl, { method: 'POST', headers, body })).status;
}

/** Asks the receiver to prove itself, as Smartsheet does when a webhook is enabled. */
export async function challenge({
  id,
  callbackUrl,
}: Hook): Promise<{ status: number; echo: string | null; sent: string }> {
  const sent = '5b0f1a3e-6f6c-4f3b-9c62-0a52a3a8b1de';
  const answer = await fetch(callbackUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'smartsheet-hook-challenge': sent },
    body: JSON.stringify({ challenge: sent, webhookId: id }),
  });
  return { status: answer.status, echo: answer.headers.get('smartsheet-hook-response'), sent };
}
