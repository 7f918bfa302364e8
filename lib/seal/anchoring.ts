import { messageOf } from '../errors';
import type { Log, Now } from '../ports';
import type { Anchor } from './anchors/anchor';
import type { AnchoredCheckpoint, AnchorView } from './compare-anchor';
import { readCheckpoint, type FoundCheckpoint } from './checkpoint';
import type { SealBook, SealState } from './seal-book';
import type { SealKeys } from './seal-keys';

/** Hashes laid down with one checkpoint; an older trail that is anchored for the first time goes without. */
const MOST_HASHES = 100_000;
const PAGE = 10_000;

export interface AnchoringParts {
  readonly book: SealBook;
  readonly anchors: readonly Anchor[];
  readonly now: Now;
  readonly log: Log;
}

/** Lays the last checkpoint down wherever one is due. An anchor that fails holds no other up, and is tried again next time. */
export async function anchorWhatIsDue({ book, anchors, now, log }: AnchoringParts): Promise<void> {
  if (anchors.length === 0) return;
  const state = await book.state();
  for (const anchor of anchors) {
    const mark = state.anchors.find((each) => each.anchor === anchor.name);
    if (state.checkpoint === null || !isDue(anchor, mark, state, now())) continue;
    const size = state.checkpoint.tree_size;
    const at = new Date(now()).toISOString();
    try {
      await anchor.put(await withLeaves(book, state.checkpoint.note, mark?.tree_size ?? 0, size), size);
      await book.anchored({ anchor: anchor.name, at, tree_size: size });
    } catch (failure) {
      const why = messageOf(failure);
      if (why !== mark?.why) log.warn(`A checkpoint could not be anchored: ${why}`);
      await book.anchored({ anchor: anchor.name, at, why });
    }
  }
}

type Mark = SealState['anchors'][number] | undefined;

function isDue({ everySeconds }: Anchor, mark: Mark, { checkpoint }: SealState, now: number): boolean {
  if (!mark || mark.anchored_at === null || mark.why !== null) return true;
  const { tree_size: size, sealed_at: sealedAt } = checkpoint ?? { tree_size: 0, sealed_at: mark.anchored_at };
  const isNew = size !== mark.tree_size || Date.parse(sealedAt) > Date.parse(mark.anchored_at);
  return isNew && now - Date.parse(mark.anchored_at) >= everySeconds * 1000;
}

async function withLeaves(book: SealBook, note: string, from: number, size: number): Promise<AnchoredCheckpoint> {
  if (size - from > MOST_HASHES) return { note, leaves: null };
  const hashes: string[] = [];
  while (from + hashes.length < size) {
    const page = await book.leaves(from + hashes.length, Math.min(PAGE, size - from - hashes.length));
    if (page.length === 0) break;
    hashes.push(...page.map(({ hash }) => hash));
  }
  return { note, leaves: { from, hashes } };
}

/** What every anchor holds, and the checkpoint that was signed last, which is kept beside the key. */
export async function viewsOf(
  anchors: readonly Anchor[],
  keys: Pick<SealKeys, 'lastSigned'>,
): Promise<{ readonly views: readonly AnchorView[]; readonly unreadable: readonly string[] }> {
  const unreadable: string[] = [];
  const views: AnchorView[] = [];
  for (const anchor of anchors) {
    const checkpoints = await anchor.read().catch((failure: unknown) => {
      unreadable.push(messageOf(failure));
      return null;
    });
    views.push({ anchor: anchor.name, checkpoints });
  }
  const last = keys.lastSigned();
  const memory = {
    anchor: 'The key folder',
    inHouse: true,
    checkpoints: last === null ? [] : [{ note: last, leaves: null }],
  };
  return { views: [...views, memory], unreadable };
}

/** How many of an anchor's checkpoints, the newest, a start compares; a whole check compares all. */
const NEWEST = 100;

/**
 * Whether anchors contradict the store, told from the checkpoints alone, so that a start can afford it: a tail that was
 * cut off, an older copy, a fork.
 * @returns sentences; none = no contradiction
 */
export async function contradictions(book: SealBook, views: readonly AnchorView[]): Promise<readonly string[]> {
  const { size, origin } = await book.state();
  const found: string[] = [];
  for (const { anchor, checkpoints } of views) {
    const told = (checkpoints ?? []).flatMap(({ note }) => checkpointOrNull(note) ?? []);
    const newest = told.sort((one, other) => other.size - one.size).slice(0, NEWEST);
    const stored = await book.notesOf(newest.map((each) => each.size));
    const wrong = newest.find(({ text }) => !stored.has(text));
    if (!wrong) continue;
    const what = `${anchor} holds a checkpoint of ${wrong.size} events, sealed at ${wrong.sealedAt}`;
    if (wrong.origin !== origin) found.push(`${what}, of another log (${wrong.origin})`);
    else if (wrong.size > size)
      found.push(`${what}; the store has ${size}: its end was cut off, or an older copy was put back`);
    else found.push(`${what}, which the store does not have: the history was forked or rewritten before that`);
  }
  return found;
}

/**
 * What anchors hold in the place of checkpoints and cannot be read: damaged, or put there by somebody. It contradicts
 * nothing, so sealing goes on, but it must not be passed over in silence; a whole check names each.
 */
export function damagedIn(views: readonly AnchorView[]): readonly string[] {
  return views.flatMap(({ anchor, checkpoints }) => {
    const damaged = (checkpoints ?? []).filter(({ note }) => checkpointOrNull(note) === null).length;
    if (damaged === 0) return [];
    const what = damaged === 1 ? 'a text that is no checkpoint' : `${damaged} texts that are no checkpoints`;
    return [`Anchor "${anchor}" holds ${what}. Run "billing-audit verify" to see which.`];
  });
}

function checkpointOrNull(note: string): FoundCheckpoint | null {
  try {
    return readCheckpoint(note);
  } catch {
    return null;
  }
}
