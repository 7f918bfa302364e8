import type { Receiver } from '../support/receiver';
import type { SandboxProcess } from '../support/sandbox';

/** A sheet of two rows with which most tests work: `Work Request #` (primary), `Quantity`, `Note`. */
export interface PracticeSheet {
  readonly id: number;
  readonly columns: Readonly<Record<string, number>>;
  readonly rowIds: readonly number[];
  /** Saves cells of a row, by its index, as somebody. */
  edit(row: number, cells: Record<string, string | number | boolean | null>, by?: string): Promise<void>;
}

export interface HookView {
  readonly id: number;
  readonly enabled: boolean;
  readonly status: string;
  readonly sharedSecret: string;
  readonly disabledDetails?: string;
  readonly events: readonly string[];
  readonly stats?: { readonly lastCallbackAttemptRetryCount: number };
}

interface SheetAnswer {
  readonly id: number;
  readonly columns: Record<string, number>;
  readonly rows: { readonly id: number }[];
}

export async function practiceSheet(sandbox: SandboxProcess): Promise<PracticeSheet> {
  const made = await sandbox.control<SheetAnswer>('POST', '/sandbox/sheets', {
    name: 'Practice week',
    columns: ['Work Request #', 'Quantity', 'Note'],
    rows: [
      { 'Work Request #': 'WR-1', Quantity: 10 },
      { 'Work Request #': 'WR-2', Quantity: 20 },
    ],
  });
  return {
    id: made.id,
    columns: made.columns,
    rowIds: made.rows.map(({ id }) => id),
    edit: async (row, cells, by = 'clerk@example.com') => {
      await sandbox.control('POST', '/sandbox/edit', { sheetId: made.id, rowId: made.rows[row]?.id, cells, by });
    },
  };
}

/** A new hook on the sheet, not enabled. */
export async function newHook(
  sandbox: SandboxProcess,
  sheet: PracticeSheet,
  receiver: Receiver,
  rest: object = {},
): Promise<HookView> {
  const { status, body } = await sandbox.api<{ result: HookView }>('POST', '/webhooks', {
    name: 'practice',
    callbackUrl: receiver.url,
    scope: 'sheet',
    scopeObjectId: sheet.id,
    events: ['*.*'],
    version: 1,
    ...rest,
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.result;
}

/** Asks for `enabled` and gives back what the PUT answered. */
export async function setEnabled(
  sandbox: SandboxProcess,
  hook: { readonly id: number },
  enabled = true,
): Promise<HookView> {
  const { body } = await sandbox.api<{ result: HookView }>('PUT', `/webhooks/${hook.id}`, { enabled });
  return body.result;
}

export async function enabledHook(
  sandbox: SandboxProcess,
  sheet: PracticeSheet,
  receiver: Receiver,
  rest: object = {},
): Promise<HookView> {
  return setEnabled(sandbox, await newHook(sandbox, sheet, receiver, rest));
}

export async function readHook(sandbox: SandboxProcess, hook: { readonly id: number }): Promise<HookView> {
  return (await sandbox.api<HookView>('GET', `/webhooks/${hook.id}`)).body;
}
