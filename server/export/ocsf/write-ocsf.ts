import { BillingAuditError } from '../../../lib/errors';
import type { SealBook } from '../../../lib/seal';
import { ocsfEvent } from './ocsf-event';

/**
 * How far an export has come: for each chain the number of the last event that was written. Numbers of a chain have no gap
 * and are given in the order of commits, so that going on from here misses nothing that was recorded meanwhile.
 */
export interface OcsfCursor {
  readonly form: 1;
  readonly origin: string;
  readonly streams: Readonly<Record<string, number>>;
}

export interface OcsfParts {
  readonly book: Pick<SealBook, 'state' | 'heads' | 'archives' | 'allEvents'>;
  readonly cursor: OcsfCursor | null;
  readonly version: string;
  /** Keeps the lines; when it resolves, they are kept. */
  readonly write: (lines: string) => Promise<void>;
  /** Called when events left the database before they were written: where they are. */
  readonly onArchived?: (archive: { readonly month: string; readonly file: string }) => void;
  /** Called when lines are kept: from there on it can be continued. */
  readonly keep: (cursor: OcsfCursor) => Promise<void>;
}

/** The cursor is of another trail. */
export class OtherTrail extends BillingAuditError {
  readonly code = 'other_trail';
  readonly hint = 'Give each trail a cursor file of its own, or remove the file to begin anew.';

  constructor(told: string, found: string) {
    super(`The cursor belongs to the trail ${told}; this is ${found}.`, { told, found });
  }
}

/**
 * Writes every event that is new since the cursor as a line of OCSF JSON, chain by chain, page by page.
 * @returns how many
 * @throws OtherTrail  the cursor is of another trail
 */
export async function writeOcsf({ book, cursor, version, write, keep, onArchived }: OcsfParts): Promise<number> {
  const { origin } = await book.state();
  if (cursor !== null && cursor.origin !== origin) throw new OtherTrail(cursor.origin, origin);
  const streams = { ...cursor?.streams };
  for (const { month, file, spans } of await book.archives()) {
    if (spans.some(({ stream, last_seq }) => (streams[stream] ?? 0) < last_seq)) onArchived?.({ month, file });
  }
  let written = 0;
  for (const { stream, seq } of (await book.heads()).streams) {
    const from = streams[stream] ?? 0;
    if (from >= seq) continue;
    for await (const page of book.allEvents(stream, from)) {
      await write(page.map((event) => `${JSON.stringify(ocsfEvent(event, { version }))}\n`).join(''));
      written += page.length;
      streams[stream] = page.at(-1)?.seq ?? from;
      await keep({ form: 1, origin, streams: { ...streams } });
    }
  }
  return written;
}
