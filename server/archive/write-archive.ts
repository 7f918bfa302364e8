import { existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { flawsOf, Findings, LeafList, readArchive, type SealBook, type Verifier } from '../../lib/seal';
import type { StoreDriver } from '../../lib/store';
import { bundleFilesAt, writeEvidence, type EvidenceParts } from '../export';

export interface ArchiveOrder {
  /** Like 2026-01: of recording, in UTC. */
  readonly month: string;
  /** A .zip that is not there yet. */
  readonly out: string;
  readonly by: string;
  /** Whether the events are to leave the database; else only the file is written. */
  readonly remove: boolean;
  /** Why, for the trail. */
  readonly reason: string;
}

export interface ArchiveParts extends Omit<EvidenceParts, 'files' | 'book' | 'keys'> {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly book: SealBook;
  readonly keys: readonly Verifier[];
}

export interface Archived {
  readonly month: string;
  readonly file: string;
  readonly sha256: string;
  readonly events: number;
  /** Null: nothing was removed. */
  readonly archive_id: string | null;
}

/** What was written could not be read back as it should be. Nothing was removed. */
export class ArchiveNotWhole extends BillingAuditError {
  readonly code = 'archive_not_whole';
  readonly hint =
    'Nothing was removed. Run "billing-audit verify"; if all holds, write the file again on another disk.';

  constructor(path: string, flaws: readonly string[]) {
    super(`${path} does not hold what was sealed: ${flaws.slice(0, 3).join(' ')}`, { path, flaws });
  }
}

const span = z.object({ stream: z.string(), first_seq: z.number(), last_seq: z.number(), last_hash: z.string() });
const archivable = z.object({ spans: z.array(span), events: z.number(), erased: z.number() });
const archived = z.object({ archive: z.object({ id: z.string() }) });

/**
 * Writes the events of a month with their proofs to a file, reads the file back and compares it with the signed tree; then, if
 * that is asked for, has the store remove exactly these events and say so in the trail, all of it in one transaction.
 * @throws StoreRefused  BA013 a legal hold; BA015 not now: the month is not over, not sealed, not the next
 * @throws BadSetting, ArchiveNotWhole, ArchiveUnreadable  nothing was removed
 */
export async function writeArchive(order: ArchiveOrder, parts: ArchiveParts): Promise<Archived> {
  const { month, out, by, reason, remove } = order;
  requirePlace(out);
  const { driver, book } = parts;
  const found = archivable.parse(await driver.rpc('billing_audit_archivable', { month }));
  const files = bundleFilesAt(out, parts.now());
  await writeEvidence({ from: null, to: null, sheets: [], spans: found.spans }, { ...parts, files }).catch(
    (thrown: unknown) => {
      files.abandon();
      throw thrown;
    },
  );
  const file = await readArchive(out);
  const flaws = await flawsOf(file, found.spans, await leavesOf(book));
  if (flaws.length > 0) {
    rmSync(out, { force: true });
    throw new ArchiveNotWhole(out, flaws);
  }
  const told = { month, file: basename(out), sha256: file.sha256 };
  if (!remove) return { ...told, events: found.events, archive_id: null };
  const { spans, erased } = found;
  const p = { ...told, spans, erased, by, reason, role: 'admin' };
  const { archive } = archived.parse(await driver.rpc('billing_audit_archive', p));
  return { ...told, events: found.events, archive_id: archive.id };
}

async function leavesOf(book: SealBook): Promise<LeafList> {
  const { size } = await book.state();
  const leaves = new LeafList();
  for await (const page of book.allLeaves()) leaves.take(page, size, new Findings());
  return leaves;
}

function requirePlace(out: string): void {
  if (!out.toLowerCase().endsWith('.zip')) {
    throw new BadSetting(
      '--out',
      `names ${out}, which is no .zip`,
      'An archive is one file: name it like 2026-01.zip.',
    );
  }
  if (existsSync(out)) {
    throw new BadSetting(
      '--out',
      `names ${out}, which is there already`,
      'An archive is never written over: name another file.',
    );
  }
}
