import { existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import {
  checkTrail,
  flawsOf,
  Findings,
  Frontier,
  LeafList,
  readArchive,
  type SealBook,
  type Verified,
  type Verifier,
} from '../../lib/seal';
import type { StoreDriver } from '../../lib/store';
import { bundleFilesAt, writeEvidence, type EvidenceParts } from '../export';
import { removeArchived } from './remove-archived';

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
  /** From which size on the file is in the form of ZIP64; tests set it lower. */
  readonly zip64From?: number;
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

/** What is in the database is not what was sealed: an archive would hide it. */
export class TrailNotWhole extends BillingAuditError {
  readonly code = 'trail_not_whole';
  readonly hint = 'Nothing was written or removed. Run "billing-audit verify": it names every place that does not fit.';

  constructor(flaws: readonly string[]) {
    super(`The trail does not verify, and so no month of it leaves: ${flaws.slice(0, 3).join(' ')}`, { flaws });
  }
}

const span = z.object({ stream: z.string(), first_seq: z.number(), last_seq: z.number(), last_hash: z.string() });
const archivable = z.object({ spans: z.array(span), events: z.number(), erased: z.number() });

/**
 * Verifies the trail, writes the events of a month with their proofs to a file, reads the file back and compares it with the
 * tree whose signed root was verified; then, if that is asked for, has the store remove exactly these events and say so in the trail, all of it in one transaction.
 * @throws StoreRefused  BA013 a legal hold; BA015 not now: the month is not over, not sealed, not the next
 * @throws BadSetting, TrailNotWhole, ArchiveNotWhole, ArchiveUnreadable  nothing was removed
 * @throws RemovalUnsure  nobody knows whether it was removed; the file stays
 */
export async function writeArchive(order: ArchiveOrder, parts: ArchiveParts): Promise<Archived> {
  const { month, out, by, reason, remove } = order;
  requirePlace(out);
  const { driver } = parts;
  const found = archivable.parse(await driver.rpc('billing_audit_archivable', { month }));
  const leaves = await verifiedLeaves(parts);
  const files = bundleFilesAt(out, parts.now(), parts.zip64From);
  await writeEvidence({ from: null, to: null, sheets: [], spans: found.spans }, { ...parts, files }).catch(
    (thrown: unknown) => {
      files.abandon();
      throw thrown;
    },
  );
  const file = await readArchive(out);
  const flaws = await flawsOf(file, found, leaves);
  if (flaws.length > 0) {
    rmSync(out, { force: true });
    throw new ArchiveNotWhole(out, flaws);
  }
  const told = { month, file: basename(out), sha256: file.sha256 };
  if (!remove) return { ...told, events: found.events, archive_id: null };
  const { spans, erased } = found;
  const archive_id = await removeArchived({ ...told, spans, erased, by, reason }, out, parts);
  return { ...told, events: found.events, archive_id };
}

/** The leaves of the tree that the whole check found to be the one that was signed. */
async function verifiedLeaves({ book, keys, views }: ArchiveParts): Promise<LeafList> {
  const { verified, findings } = await checkTrail({ source: book, trusted: keys, anchors: views });
  if (verified === null) throw new TrailNotWhole(findings.map(({ text }) => text));
  const leaves = new LeafList();
  for await (const page of book.allLeaves()) leaves.take(page, verified.size, new Findings());
  if (!isTreeOf(verified, leaves)) throw new TrailNotWhole(['Its tree was altered while it was read.']);
  return leaves;
}

function isTreeOf({ size, frontier }: Verified, leaves: LeafList): boolean {
  const edge = Frontier.empty();
  for (let index = 0; index < leaves.size; index += 1) edge.append(leaves.leaf(index));
  return edge.size === size && Buffer.concat(edge.hashes()).toString('hex') === frontier;
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
      'An archive is never written over: name another file. Keep this one until "billing-audit verify --archive" says that it is the file of no archive: it may be all that is left of a month.',
    );
  }
}
