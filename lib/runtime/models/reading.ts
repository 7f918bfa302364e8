import { isJudged } from '../../risk';
import type { ModelStore, TrailLine, TrailLines } from '../../store/models';
import type { Erasures } from './erasures';
import { ImportedHistory } from './imported-history';

/** Takes lines of the trail in the order in which they are folded; resolves when the next ones may come. */
export type HandLines = (lines: readonly TrailLine[]) => Promise<void>;

export interface Reading {
  readonly from: number;
  /** The time up to which history was taken in already, where that goes beyond all changes up to `from`. */
  readonly ahead: string | null;
  /** `settled`: not what is younger than a minute, before which there may still come something. */
  readonly upTo: 'end' | 'settled';
  readonly erasures: Erasures;
  readonly hand: HandLines;
}

/** How far lines were handed on. */
interface Read {
  readonly position: number;
  readonly ahead: string | null;
}

/** Why all is to be read anew: something was erased after the reading began, or history came that belongs before. */
export type Anew = 'erased' | 'imported';

/** Small enough that whoever asks the store meanwhile waits some 6 ms at most, and once on its way (`call-lanes.ts`). */
const PAGE = 200;

type Readable = Pick<ModelStore, 'trailLines' | 'importedLines'>;

/**
 * Reads the trail to its end: changes in the order of storing, and among them what was imported, each right before the first
 * change that is as late or later, else at the end. Who goes on from a position takes the same lines in the same order as who
 * begins anew, or is told to begin anew.
 */
export async function readOnce(store: Readable, reading: Reading): Promise<Read | Anew> {
  const { from, upTo, erasures, hand } = reading;
  const settled = upTo === 'settled' ? (await store.trailLines(from, 1)).settled : null;
  const history = from === 0 ? new ImportedHistory(store, settled) : null;
  let [position, ahead] = [from, reading.ahead];
  let isOver = false;
  for (let after: number | null = from; after !== null;) {
    const page = await store.trailLines(after, PAGE);
    if (erasures.areNewIn(page)) return 'erased';
    const end = upTo === 'end' ? Infinity : endOf(page, history ? settled : null);
    // The rest is read for erasures alone.
    if (!isOver) {
      if (!history && page.imported.some((at) => at <= end)) return 'imported';
      const lines = page.lines.filter((line) => line.position <= end);
      if (ahead !== null && lines[0]) {
        if (!isJudged(lines[0].kind) || lines[0].changed_at < ahead) return 'imported';
        ahead = null;
      }
      await handWithPast(lines, history, hand);
      if (page.next !== null) position = Math.max(position, Math.min(page.next, end));
      isOver = page.next !== null && page.next > end;
    }
    after = page.next;
  }
  if (history) ahead = await handRest(history, hand);
  await hand([]);
  return { position, ahead };
}

/** Up to where a page is settled; and not beyond history that came after its reading began. */
function endOf({ settled, imported }: TrailLines, historyUpTo: number | null): number {
  const late = historyUpTo === null ? undefined : imported.find((at) => at > historyUpTo);
  return late === undefined ? settled : Math.min(settled, late - 1);
}

async function handWithPast(
  lines: readonly TrailLine[],
  history: ImportedHistory | null,
  hand: HandLines,
): Promise<void> {
  if (!history) return hand(lines);
  const due: TrailLine[] = [];
  for (const line of lines) {
    while (isJudged(line.kind)) {
      const past = await history.takeUpTo(line.changed_at);
      if (!past) break;
      due.push(past);
      if (due.length >= PAGE) await hand(due.splice(0));
    }
    due.push(line);
  }
  await hand(due);
}

/** @returns the time of the last one; null: there was none */
async function handRest(history: ImportedHistory, hand: HandLines): Promise<string | null> {
  let last: string | null = null;
  const due: TrailLine[] = [];
  for (let past = await history.takeUpTo(null); past; past = await history.takeUpTo(null)) {
    last = past.changed_at;
    due.push(past);
    if (due.length >= PAGE) await hand(due.splice(0));
  }
  await hand(due);
  return last;
}
