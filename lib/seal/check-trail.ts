import { messageOf } from '../errors';
import { ArchiveCheck, checkStarts, type Archive } from './archive';
import { compareFile, type ArchiveFile } from './archive-file';
import type { Erasure } from './check-erasures';
import { compareAnchor, readView, type AnchorView, type Roots } from './compare-anchor';
import { EventCheck, type SealTimes } from './check-events';
import { HoldCheck } from './check-holds';
import { InForceCheck } from './check-in-force';
import { readCheckpoint, type FoundCheckpoint } from './checkpoint';
import { Findings, type Finding } from './finding';
import { LeafList } from './leaf-list';
import { Frontier, sameHash, type Hash } from './merkle';
import type { Verifier } from './note';
import type { SealBook, SealState, StoredArchive, StoredCheckpoint } from './seal-book';
import { Trust } from './trust';
import type { Verified } from './verified';

export type TrailSource = Pick<
  SealBook,
  'state' | 'heads' | 'archives' | 'holds' | 'allEvents' | 'allLeaves' | 'allCheckpoints' | 'inForce'
>;

export interface CheckParts {
  readonly source: TrailSource;
  /** Keys that are believed without being vouched for. */
  readonly trusted: readonly Verifier[];
  /** Read before the store, so that what is anchored meanwhile does not look like a cut tail. */
  readonly anchors: readonly AnchorView[];
  /** Files of archives: read as well, and compared with what was sealed. */
  readonly archives?: readonly ArchiveFile[];
  readonly onProgress?: (events: number) => void;
}

export interface TrailReport {
  readonly ok: boolean;
  readonly origin: string;
  readonly events: number;
  readonly streams: number;
  /** Leaves of the tree. */
  readonly sealed: number;
  /** Events younger than the last seal. */
  readonly unsealed: number;
  readonly checkpoints: number;
  /** The largest size that an anchor outside holds and that agrees; 0 = evidence is not anchored. */
  readonly anchored: number;
  readonly anchors: readonly { readonly anchor: string; readonly size: number | null }[];
  /** What was erased, by whom and why: it breaks no proof. */
  readonly erasures: readonly Erasure[];
  /** What left the database, by whom and why, and whether its file was read. */
  readonly archives: readonly Archive[];
  /** How many rules, models and flows events name whose text is not kept. */
  readonly textsNotKept: number;
  /** All of them; `findings` holds the first thousand. */
  readonly found: number;
  readonly findings: readonly Finding[];
  /** From where a check of what is new may go on; null when something is wrong, or nothing is sealed. */
  readonly verified: Verified | null;
}

/**
 * Compares everything with everything: chains, columns, payloads, the tree, the signed checkpoints, the anchors. The
 * store is asked for raw rows only, and nothing of its own judgement is used.
 */
export async function checkTrail(parts: CheckParts): Promise<TrailReport> {
  for (;;) {
    const report = await checkedOnce(parts);
    // A month that left meanwhile is in what was read and is not: then it is read again.
    if ((await parts.source.archives()).length === report.archives.length) return report;
  }
}

async function checkedOnce({
  source,
  trusted,
  anchors,
  archives: files,
  onProgress,
}: CheckParts): Promise<TrailReport> {
  const findings = new Findings();
  const trust = new Trust(trusted);
  const state = await source.state();
  const archived = await source.archives();
  const heads = await source.heads();
  const checkpoints = await checkpointsOf(source, state, trust, findings);
  const leaves = new LeafList();
  for await (const page of source.allLeaves()) leaves.take(page, state.size, findings);
  const times: SealTimes = checkpoints.map(({ size, sealedAt }) => ({ size, at: Date.parse(sealedAt) || 0 }));
  const archives = new ArchiveCheck(archived, findings);
  checkStarts(archived, leaves, findings);
  const walk = new EventCheck(heads, leaves, times, archives, findings);
  const inForce = new InForceCheck(findings);
  const holds = new HoldCheck(findings, heads, await source.holds());
  let walked = 0;
  for await (const page of source.allEvents()) {
    walk.page(page);
    for (const event of page) {
      inForce.see(event.preimage);
      holds.see(event);
    }
    onProgress?.((walked += page.length));
  }
  const { events, unsealed, unsealedHashes, erasures } = walk.end(await source.heads());
  holds.end();
  const textsNotKept = await inForce.end((hashes) => source.inForce(hashes));
  const archivesFound = archives.end(await readFiles(files ?? [], archived, leaves, findings));
  const views = anchors.map((view) => ({ ...view, found: readView(view, findings) }));
  const { roots, edge } = rootsAt([...checkpoints, ...views.flatMap(({ found }) => found)], leaves);
  compareTree(state, checkpoints, { leaves, roots, edge }, findings);
  const known = new Set(checkpoints.map(({ text }) => text));
  const sizes = views.map((view) =>
    compareAnchor(view, { state, leaves, unsealedHashes, roots, trust, known, findings }),
  );
  return {
    ok: findings.total === 0,
    origin: state.origin,
    events,
    streams: heads.streams.length,
    sealed: leaves.size,
    unsealed,
    checkpoints: checkpoints.length,
    anchored: Math.max(0, ...sizes.filter((_, at) => !views[at]?.inHouse).map((size) => size ?? 0)),
    anchors: views.flatMap(({ anchor, inHouse }, at) => (inHouse ? [] : [{ anchor, size: sizes[at] ?? null }])),
    erasures,
    archives: archivesFound,
    textsNotKept,
    found: findings.total,
    findings: findings.list,
    verified: findings.total === 0 ? verifiedOf(state, leaves) : null,
  };
}

/** @returns the archives whose files were read */
async function readFiles(
  files: readonly ArchiveFile[],
  archived: readonly StoredArchive[],
  leaves: LeafList,
  findings: Findings,
): Promise<ReadonlySet<string>> {
  const read = new Set<string>();
  for (const file of files) {
    const id = await compareFile(file, archived, leaves, findings);
    if (id !== null) read.add(id);
  }
  return read;
}

function verifiedOf({ origin, size, frontier, checkpoint }: SealState, leaves: LeafList): Verified | null {
  if (checkpoint === null) return null;
  const { id, note } = checkpoint;
  return { origin, size, frontier, checkpoint: { id, note }, streams: Object.fromEntries(leaves.ends()) };
}

async function checkpointsOf(
  source: TrailSource,
  state: SealState,
  trust: Trust,
  findings: Findings,
): Promise<readonly FoundCheckpoint[]> {
  const good: FoundCheckpoint[] = [];
  for await (const page of source.allCheckpoints()) {
    for (const stored of page) {
      // Sealed after the check began.
      if (stored.id > (state.checkpoint?.id ?? 0)) return good;
      const found = checked(stored, state, trust);
      const place = { leaves: { from: good.at(-1)?.size ?? 0, to: stored.tree_size } };
      if (typeof found === 'string') findings.add('not_signed', place, `Checkpoint ${stored.id} ${found}.`);
      else if (found.size < (good.at(-1)?.size ?? 0)) {
        findings.add('tree_altered', place, `Checkpoint ${stored.id} is smaller than the one before it.`);
      } else good.push(found);
    }
  }
  return good;
}

/** @returns what was signed, or what is wrong with it */
export function checked(
  stored: StoredCheckpoint,
  { origin }: Pick<SealState, 'origin'>,
  trust: Trust,
): FoundCheckpoint | string {
  try {
    const found = readCheckpoint(stored.note);
    if (found.origin !== origin) return `is of another log, ${found.origin}`;
    if (!trust.accepts(found)) return 'is not signed by a key that is trusted here';
    const fits = found.size === stored.tree_size && Buffer.from(found.root).toString('hex') === stored.root;
    return fits && found.sealedAt === stored.sealed_at ? found : 'has columns that differ from what was signed';
  } catch (thrown) {
    return `cannot be read: ${messageOf(thrown)}`;
  }
}

interface Tree {
  readonly leaves: LeafList;
  /** At the sizes that were asked for. */
  readonly roots: Roots;
  readonly edge: Frontier;
}

/** The roots that the stored leaves have at these sizes, in one walk. */
function rootsAt(wanted: readonly { readonly size: number }[], leaves: LeafList): Tree {
  const sizes = new Set(wanted.map(({ size }) => size));
  const edge = Frontier.empty();
  const roots = new Map<number, Hash>([[0, edge.root()]]);
  for (let index = 0; index < leaves.size; index += 1) {
    edge.append(leaves.leaf(index));
    if (sizes.has(edge.size)) roots.set(edge.size, edge.root());
  }
  return { roots, edge, leaves };
}

function compareTree(
  state: SealState,
  checkpoints: readonly FoundCheckpoint[],
  { leaves, roots, edge }: Tree,
  findings: Findings,
): void {
  let good = 0;
  for (const { size, root } of checkpoints) {
    const have = roots.get(size);
    if (have && sameHash(have, root)) {
      good = size;
      continue;
    }
    const place = { leaves: { from: good, to: size } };
    const text = have
      ? `The tree of ${size} leaves does not have the root that was signed: something in leaves ${good} to ${size - 1} was altered.`
      : `A checkpoint over ${size} leaves was signed, and ${leaves.size} are there.`;
    findings.add(have ? 'root_differs' : 'tail_cut', place, text);
    // What follows differs because of this; the first place is the one to look at.
    break;
  }
  const last = checkpoints.at(-1)?.size ?? 0;
  if (state.size !== leaves.size || (last < leaves.size && good === last)) {
    const place = { leaves: { from: Math.min(last, leaves.size), to: Math.max(state.size, leaves.size) } };
    const text = `The tree says ${state.size} leaves, ${leaves.size} are there, and ${last} are signed for.`;
    findings.add('tree_altered', place, text);
    return;
  }
  const text = edge.hashes().map((hash) => Buffer.from(hash).toString('hex'));
  if (text.join('') !== state.frontier) {
    findings.add(
      'tree_altered',
      { leaves: { from: 0, to: leaves.size } },
      'The edge of the tree is not that of its leaves.',
    );
  }
}
