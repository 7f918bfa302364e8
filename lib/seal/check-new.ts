import { flawOf, genesisOf } from './check-events';
import { checked } from './check-trail';
import { Findings, type Finding } from './finding';
import { Frontier, leafHash, sameHash, type Hash } from './merkle';
import type { Verifier } from './note';
import type { SealBook, SealState, StoredCheckpoint, StoredEvent, StoredLeaf } from './seal-book';
import { Trust } from './trust';
import type { Verified } from './verified';

export interface CheckNewParts {
  readonly book: Pick<SealBook, 'state' | 'ends' | 'archives' | 'eventsAfter' | 'leaves' | 'allCheckpoints'>;
  readonly trusted: readonly Verifier[];
  /** What an earlier check has verified. */
  readonly since: Verified;
}

export interface NewReport {
  readonly ok: boolean;
  /** Leaves that were verified before, and those there are. */
  readonly from: number;
  readonly sealed: number;
  /** Events that were looked at. */
  readonly events: number;
  readonly unsealed: number;
  readonly checkpoints: number;
  readonly found: number;
  readonly findings: readonly Finding[];
  /** From where the next check goes on; null when something is wrong. */
  readonly verified: Verified | null;
}

const LEAVES = 10_000;

/**
 * Checks what is new since a checkpoint that was verified: its chains, its leaves, its signatures, and that all of it goes on
 * from there. What was altered in older events since they were verified only a whole check finds.
 */
export async function checkNew({ book, trusted, since }: CheckNewParts): Promise<NewReport> {
  const findings = new Findings();
  const state = await book.state();
  const isSame = state.origin === since.origin && state.size >= since.size;
  if (!isSame) tellOther(state, since, findings);
  const leaves = isSame ? await newLeaves(book, since.size, state.size) : [];
  const ends = await book.ends();
  const checkpoints = isSame ? await compareTree({ book, trusted, since }, state, leaves, findings) : 0;
  const walked = isSame
    ? await walkChains(book, ends, { since, leaves, findings })
    : { events: 0, unsealed: 0, streams: since.streams };
  const { checkpoint } = state;
  return {
    ok: findings.total === 0,
    from: since.size,
    sealed: state.size,
    events: walked.events,
    unsealed: walked.unsealed,
    checkpoints,
    found: findings.total,
    findings: findings.list,
    verified:
      findings.total > 0 || checkpoint === null
        ? null
        : {
            origin: state.origin,
            size: state.size,
            frontier: state.frontier,
            checkpoint: { id: checkpoint.id, note: checkpoint.note },
            streams: walked.streams,
          },
  };
}

function tellOther(state: SealState, since: Verified, findings: Findings): void {
  if (state.origin !== since.origin) {
    findings.add('other_log', {}, `What was verified last is of ${since.origin}; this is ${state.origin}.`);
    return;
  }
  const place = { leaves: { from: state.size, to: since.size } };
  const text = `${since.size} sealed events were verified before, and ${state.size} are there: the end was cut off, or an older copy was put back.`;
  findings.add('tail_cut', place, text);
}

async function newLeaves(book: CheckNewParts['book'], from: number, to: number): Promise<readonly StoredLeaf[]> {
  const all: StoredLeaf[] = [];
  while (from + all.length < to) {
    const page = await book.leaves(from + all.length, Math.min(LEAVES, to - from - all.length));
    if (page.length === 0) break;
    all.push(...page);
  }
  return all;
}

/** The tree that was verified, grown by the new leaves, must have each root that was signed since. */
async function compareTree(
  { book, trusted, since }: CheckNewParts,
  state: SealState,
  leaves: readonly StoredLeaf[],
  findings: Findings,
): Promise<number> {
  const stored: StoredCheckpoint[] = [];
  for await (const page of book.allCheckpoints(since.checkpoint.id - 1)) {
    stored.push(...page.filter(({ id }) => id <= (state.checkpoint?.id ?? 0)));
  }
  const goesOn = stored[0]?.id === since.checkpoint.id && stored[0].note === since.checkpoint.note;
  const { roots, size } = rootsOf(since, leaves, new Set(stored.map((each) => each.tree_size)));
  const trust = new Trust(trusted);
  for (const each of goesOn ? stored : []) {
    const place = { leaves: { from: since.size, to: each.tree_size } };
    const found = checked(each, state, trust);
    if (typeof found === 'string') findings.add('not_signed', place, `Checkpoint ${each.id} ${found}.`);
    else if (!sameHash(roots.get(found.size) ?? Buffer.alloc(32), found.root)) {
      findings.add('root_differs', place, `The tree of ${found.size} leaves does not have the root that was signed.`);
    }
  }
  const last = stored.at(-1)?.tree_size ?? 0;
  const whole = { leaves: { from: since.size, to: state.size } };
  if (!goesOn) {
    findings.add(
      'checkpoint_missing',
      whole,
      `The checkpoint of ${since.size} events that was verified is not there as it was.`,
    );
  } else if (last !== state.size || size !== state.size) {
    const text = `The tree says ${state.size} leaves, ${size} are there, and ${last} are signed for.`;
    findings.add('tree_altered', whole, text);
  }
  return Math.max(0, stored.length - 1);
}

/** The roots of the grown tree at these sizes, and how far its leaves go without a gap. */
function rootsOf(
  since: Verified,
  leaves: readonly StoredLeaf[],
  wanted: ReadonlySet<number>,
): { readonly roots: ReadonlyMap<number, Hash>; readonly size: number } {
  const hashes = (since.frontier.match(/.{64}/g) ?? []).map((one) => Buffer.from(one, 'hex'));
  const edge = Frontier.of(since.size, hashes);
  const roots = new Map([[edge.size, edge.root()]]);
  for (const { leaf_index: index, hash } of leaves) {
    if (index !== edge.size) break;
    edge.append(leafHash(Buffer.from(hash, 'hex')));
    if (wanted.has(edge.size)) roots.set(edge.size, edge.root());
  }
  return { roots, size: edge.size };
}

interface Walk {
  readonly since: Verified;
  readonly leaves: readonly StoredLeaf[];
  readonly findings: Findings;
}

async function walkChains(
  book: CheckNewParts['book'],
  ends: readonly { readonly stream: string; readonly seq: number; readonly head: string }[],
  { since, leaves, findings }: Walk,
): Promise<{ readonly events: number; readonly unsealed: number; readonly streams: Verified['streams'] }> {
  const streams = new Map(Object.entries(since.streams));
  const sealed = new Map(leaves.map((leaf) => [`${leaf.seq} ${leaf.stream}`, leaf.hash]));
  const archived = new Map(
    (await book.archives()).flatMap(({ spans }) => spans.map((each) => [each.stream, each.last_seq] as const)),
  );
  const known = new Set(ends.map(({ stream }) => stream));
  for (const [stream, { seq }] of streams) {
    if (!known.has(stream))
      findings.add('event_missing', { stream, seq: 1 }, `All ${seq} events of ${stream} are gone.`);
  }
  let [events, unsealed] = [0, 0];
  for (const { stream, seq: end, head } of ends) {
    let { seq, hash } = startOf(stream, streams, archived.get(stream), sealed);
    while (seq < end) {
      const page = (await book.eventsAfter(stream, seq)).filter((event) => event.seq <= end);
      if (page.length === 0) break;
      for (const event of page) {
        if (event.seq !== seq + 1) {
          findings.add('event_missing', { stream, seq: seq + 1 }, `Event ${seq + 1} is missing from ${stream}.`);
        } else if (event.previous_hash !== hash) {
          const text = `Event ${event.seq} of ${stream} does not follow the one before it.`;
          findings.add('chain_broken', { stream, seq: event.seq }, text);
        }
        look(event, sealed, findings);
        if (!sealed.delete(`${event.seq} ${stream}`)) unsealed += 1;
        [seq, hash] = [event.seq, event.hash];
        events += 1;
      }
    }
    if (seq < end) {
      const text = `Events ${seq + 1} to ${end} of ${stream} are gone from its end.`;
      findings.add('event_missing', { stream, seq: seq + 1 }, text);
    } else if (seq !== end || hash !== head) {
      const text = `The chain of ${stream} does not end where its head says.`;
      findings.add('chain_broken', { stream, seq: Math.max(seq, 1) }, text);
    }
  }
  for (const key of sealed.keys()) {
    const at = key.indexOf(' ');
    const [seq, stream] = [Number(key.slice(0, at)), key.slice(at + 1)];
    findings.add('event_missing', { stream, seq }, `Event ${seq} of ${stream} was sealed and is gone.`);
  }
  for (const { stream, seq, hash } of leaves) streams.set(stream, { seq, hash });
  return { events, unsealed, streams: Object.fromEntries(streams) };
}

/** After what was verified, or after what was archived since: that is a leaf of the tree that was signed. */
function startOf(
  stream: string,
  streams: ReadonlyMap<string, { readonly seq: number; readonly hash: string }>,
  archived: number | undefined,
  sealed: Map<string, string>,
): { seq: number; hash: string } {
  const start = streams.get(stream) ?? { seq: 0, hash: genesisOf(stream) };
  if (archived === undefined || archived <= start.seq) return { ...start };
  const hash = sealed.get(`${archived} ${stream}`) ?? '';
  for (let seq = start.seq + 1; seq <= archived; seq += 1) sealed.delete(`${seq} ${stream}`);
  return { seq: archived, hash };
}

function look(event: StoredEvent, sealed: ReadonlyMap<string, string>, findings: Findings): void {
  const { stream, seq } = event;
  const flaw = flawOf(event);
  if (flaw) findings.add(flaw.kind, { stream, seq }, flaw.text);
  const leaf = sealed.get(`${seq} ${stream}`);
  if (leaf === undefined || leaf === event.hash) return;
  findings.add('not_as_sealed', { stream, seq }, `Event ${seq} of ${stream} is not the one that was sealed.`);
}
