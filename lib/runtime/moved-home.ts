import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BillingAuditError } from '../errors';

const note = z.object({ to: z.string(), at: z.string() });

/** Where the rows of a home went. */
export type MovedNote = z.infer<typeof note>;

/** The embedded store of a home was moved away: going on with it would make two histories of one. */
export class StoreMoved extends BillingAuditError {
  readonly code = 'store_moved';
  readonly hint: string;

  constructor(file: string, { to, at }: MovedNote) {
    super(`The store of this home was moved to ${to} on ${at.slice(0, 10)}, and DATABASE_URL does not name it.`, {
      to,
    });
    this.hint = `Set DATABASE_URL. Only if nothing has been recorded there yet, and it never shall be: delete ${file}.`;
  }
}

type StoreFolder = { readonly store: string };

const fileOf = ({ store }: StoreFolder): string => join(store, 'moved.json');

/** @throws StoreMoved */
export function refuseMoved(home: StoreFolder): void {
  const file = fileOf(home);
  if (!existsSync(file)) return;
  const found = note.safeParse(parsed(readFileSync(file, 'utf8')));
  throw new StoreMoved(file, found.data ?? { to: 'another database', at: 'an unknown day' });
}

export function markMoved(home: StoreFolder, told: MovedNote): void {
  writeFileSync(fileOf(home), `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
