import type { Now } from '../../../lib/ports';
import type { KeptInForce } from '../../../lib/store';
import {
  leafHash,
  MerkleTree,
  readCheckpoint,
  verifierText,
  type AnchorView,
  type ArchivedSpan,
  type FoundCheckpoint,
  type SealBook,
  type SealState,
  type StoredArchive,
  type StoredEvent,
  type Verifier,
} from '../../../lib/seal';
import type { BundleFile, BundleFiles } from './bundle-files';
import { pageOf } from './page';

/** Which events: all of them, or those that were recorded in a time, of some sheets. */
export interface EvidenceOrder {
  /** Instants of recording; `to` is exclusive. */
  readonly from: string | null;
  readonly to: string | null;
  /** Ids; empty = all. */
  readonly sheets: readonly string[];
  /** These alone, for an archive. */
  readonly spans?: readonly Pick<ArchivedSpan, 'stream' | 'first_seq' | 'last_seq'>[];
}

export interface EvidenceParts {
  readonly book: Pick<SealBook, 'state' | 'archives' | 'allLeaves' | 'allCheckpoints' | 'allEvents'>;
  readonly files: BundleFiles;
  /** What the hashes stand for by which events name rules, model and flow. */
  readonly inForce: (hashes: readonly string[]) => Promise<readonly KeptInForce[]>;
  readonly views: readonly AnchorView[];
  /** Whose signatures an outsider is to trust, the first key first. */
  readonly keys: readonly Verifier[];
  readonly practice: boolean;
  /** The text of the second verifier. */
  readonly verifier: string;
  readonly now: Now;
  readonly onProgress?: (events: number) => void;
}

export interface EvidenceResult {
  readonly events: number;
  readonly unsealed: number;
  readonly sealed: number;
  readonly checkpoints: number;
  readonly anchors: number;
  /** Events that left the database: their hashes are in the bundle, their text is in the files that are named. */
  readonly archived: number;
}

const HEX = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

/**
 * Writes all that an outsider needs: the events with their proofs, the checkpoints, what the anchors hold, the public
 * key, a page that explains it, and a program that checks it.
 */
export async function writeEvidence(order: EvidenceOrder, parts: EvidenceParts): Promise<EvidenceResult> {
  const archivesOf = async (): Promise<readonly StoredArchive[]> =>
    order.spans === undefined ? await parts.book.archives() : [];
  for (;;) {
    const archives = await archivesOf();
    const result = await writtenOnce(order, parts, archives);
    // Of a month that left meanwhile some events are in what was read, or none are: then it is read again.
    if ((await archivesOf()).length === archives.length) {
      await parts.files.end();
      return result;
    }
    parts.files.again();
  }
}

async function writtenOnce(
  order: EvidenceOrder,
  parts: EvidenceParts,
  archives: readonly StoredArchive[],
): Promise<EvidenceResult> {
  const { book, files, keys, now, views } = parts;
  const state = await book.state();
  const tree = await treeOf(book, state);
  const checkpoints = await checkpointsOf(book, state, tree);
  const head = checkpoints.at(-1)?.size ?? 0;
  await written(files, 'checkpoints.jsonl', async (file) => {
    for (const { text, size } of checkpoints) {
      await line(file, { note: text, proof: size > 0 ? tree.consistencyProof(size, head).map(HEX) : [] });
    }
  });
  const anchored = views.flatMap((view) =>
    view.inHouse ? [] : (view.checkpoints ?? []).map(({ note }) => ({ anchor: view.anchor, note })),
  );
  await written(files, 'anchors.jsonl', async (file) => {
    for (const each of anchored) await line(file, each);
  });
  await written(files, 'keys.txt', (file) => file.write(keys.map((key) => `${verifierText(key)}\n`).join('')));
  const named = new Set<string>();
  const counts = await eventsOf(order, parts, tree, head, named);
  const texts = await parts.inForce([...named]);
  await written(files, 'in-force.jsonl', async (file) => {
    for (const each of texts) await line(file, each);
  });
  const { spans, ...asked } = order;
  const whole = order.from === null && order.to === null && order.sheets.length === 0 && spans === undefined;
  const archived = await archivedOf(archives, parts, head);
  const result = { ...counts, archived, sealed: head, checkpoints: checkpoints.length, anchors: anchored.length };
  const about = {
    form: 1,
    origin: state.origin,
    made_at: new Date(now()).toISOString(),
    practice: parts.practice,
    ...asked,
    whole,
    ...result,
    archives: archives.map(({ month, file, sha256, events }) => ({ month, file, sha256, events })),
    ...(spans && { spans }),
  };
  await written(files, 'about.json', (file) => file.write(`${JSON.stringify(about, null, 2)}\n`));
  await written(files, 'README.md', (file) => file.write(pageOf(about, keys)));
  await written(files, 'verify.py', (file) => file.write(parts.verifier));
  return result;
}

async function treeOf(book: EvidenceParts['book'], { size }: SealState): Promise<MerkleTree> {
  const tree = new MerkleTree();
  for await (const page of book.allLeaves()) {
    for (const { hash } of page) if (tree.size < size) tree.append(leafHash(Buffer.from(hash, 'hex')));
  }
  return tree;
}

/** As they are stored, good or not: judging is the verifier's. One of a size that the tree no longer has needs no proof. */
async function checkpointsOf(
  book: EvidenceParts['book'],
  { checkpoint }: SealState,
  tree: MerkleTree,
): Promise<readonly FoundCheckpoint[]> {
  const found: FoundCheckpoint[] = [];
  for await (const page of book.allCheckpoints()) {
    for (const { id, note } of page) if (id <= (checkpoint?.id ?? 0)) found.push(readCheckpoint(note));
  }
  return found.filter(({ size }) => size <= tree.size);
}

async function eventsOf(
  order: EvidenceOrder,
  { book, files, onProgress }: EvidenceParts,
  tree: MerkleTree,
  head: number,
  named: Set<string>,
): Promise<Pick<EvidenceResult, 'events' | 'unsealed'>> {
  let [events, unsealed, looked] = [0, 0, 0];
  const file = await files.file('events.jsonl');
  for await (const page of wantedOf(order, book)) {
    for (const event of page) {
      const { stream, seq, event_key, previous_hash, preimage, hash, salt, payload } = event;
      const index = event.leaf_index !== null && event.leaf_index < head ? event.leaf_index : null;
      const proof = index === null ? [] : tree.inclusionProof(index, head).map(HEX);
      await line(file, {
        leaf_index: index,
        stream,
        seq,
        event_key,
        previous_hash,
        preimage,
        hash,
        salt,
        payload,
        proof,
      });
      events += 1;
      if (index === null) unsealed += 1;
      for (const hash of namedBy(preimage)) named.add(hash);
    }
    onProgress?.((looked += page.length));
  }
  await file.end();
  return { events, unsealed };
}

async function* wantedOf(order: EvidenceOrder, book: EvidenceParts['book']): AsyncGenerator<readonly StoredEvent[]> {
  if (order.spans === undefined) {
    for await (const page of book.allEvents()) yield page.filter((event) => isWanted(event, order));
  }
  for (const { stream, first_seq, last_seq } of order.spans ?? []) {
    for await (const page of book.allEvents(stream, first_seq - 1)) {
      yield page.filter(({ seq }) => seq <= last_seq);
      if ((page.at(-1)?.seq ?? last_seq) >= last_seq) break;
    }
  }
}

/** The leaves of events that are not here any more: with them a bundle of the rest still gives the root that was signed. */
async function archivedOf(
  archives: readonly StoredArchive[],
  { book, files }: EvidenceParts,
  head: number,
): Promise<number> {
  const ends = new Map(
    archives.flatMap(({ spans }) => spans.map(({ stream, last_seq }) => [stream, last_seq] as const)),
  );
  let archived = 0;
  await written(files, 'archived.jsonl', async (file) => {
    if (ends.size === 0) return;
    for await (const page of book.allLeaves()) {
      for (const { leaf_index, stream, seq, hash } of page) {
        if (seq > (ends.get(stream) ?? 0) || leaf_index >= head) continue;
        await line(file, { leaf_index, stream, seq, hash });
        archived += 1;
      }
    }
  });
  return archived;
}

/** Rules, model and flow stand before the commitment, which is the last place of the text. */
function namedBy(preimage: string): readonly string[] {
  try {
    const told: unknown = JSON.parse(preimage);
    const places: readonly unknown[] = Array.isArray(told) ? told.slice(-4, -1) : [];
    return places.filter((place) => typeof place === 'string');
  } catch {
    // Judging a text that was altered is the verifier's.
    return [];
  }
}

function isWanted({ recorded_at, sheet_id }: StoredEvent, { from, to, sheets }: EvidenceOrder): boolean {
  if (from !== null && recorded_at < from) return false;
  if (to !== null && recorded_at >= to) return false;
  return sheets.length === 0 || sheets.includes(sheet_id);
}

async function written(files: BundleFiles, name: string, fill: (file: BundleFile) => Promise<void>): Promise<void> {
  const file = await files.file(name);
  await fill(file);
  await file.end();
}

function line(file: BundleFile, value: unknown): Promise<void> {
  return file.write(`${JSON.stringify(value)}\n`);
}
