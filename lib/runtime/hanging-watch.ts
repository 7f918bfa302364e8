import { AwaitedRows } from './awaited-rows';
import { recordHangings } from './resolution/record-hangings';
import type { WatchParts, WatchTarget } from './watch-parts';

/** How a compare came about. */
export type CompareReason = 'sweep' | 'hole';

/**
 * Finds attachments and comments of a sheet that no callback told of, by what Smartsheet lists. Lists cost requests for
 * each hundred, so they are read only where the sheet's version rose since, at most once in a sweep, or to end a hole.
 */
export class HangingWatch {
  private readonly awaited: AwaitedRows;
  /** The sheet's version up to which both lists are compared; null: not known yet. */
  private doneUpTo: number | null = null;
  private comparedAt = -Infinity;
  private toldProblem: string | null = null;

  constructor(
    private readonly target: Pick<WatchTarget, 'sheetId' | 'callbackUrl'>,
    private readonly parts: Pick<WatchParts, 'client' | 'store' | 'now' | 'log' | 'timing' | 'onResolved'>,
    /** Hears what was found, by type and id: callbacks should tell of it too. */
    private readonly onFound: (hangings: readonly string[]) => void,
  ) {
    const graceMilliseconds = target.callbackUrl === null ? 0 : parts.timing.deletionGraceSeconds * 1000;
    this.awaited = new AwaitedRows(parts.now, graceMilliseconds);
  }

  /** All that became of them up to this version of the sheet is recorded; what is not compared yet is compared for it. */
  async isWholeAt(version: number): Promise<boolean> {
    await this.compare(version, 'hole');
    return this.isSettled;
  }

  /** Nothing waits for a callback that says who deleted it. */
  get isSettled(): boolean {
    return this.awaited.isEmpty;
  }

  /** @param version  the sheet's, just seen */
  async compare(version: number, reason: CompareReason): Promise<void> {
    const { now, timing, onResolved } = this.parts;
    const { sheetId } = this.target;
    if (this.doneUpTo === version) return;
    const isEarly = now() - this.comparedAt < timing.sweepSeconds * 1000;
    if (reason === 'sweep' && isEarly && this.isSettled) return;
    const isOverdue = (hanging: string): boolean => this.awaited.isOverdue(hanging);
    const done = await recordHangings(sheetId, version, isOverdue, this.parts);
    if (done === null) this.doneUpTo = version;
    if (done === null) return;
    this.awaited.keep(done.awaited);
    this.comparedAt = now();
    if (this.isSettled) this.doneUpTo = done.version;
    this.tell(done.problems);
    if (done.recorded > 0) onResolved();
    if (done.found.length > 0) this.onFound(done.found);
  }

  /** Each trouble once, and again after it was over. */
  private tell(problems: readonly string[]): void {
    const problem = problems.length === 0 ? null : problems.join('; ');
    if (problem !== null && problem !== this.toldProblem) {
      const { sheetId } = this.target;
      this.parts.log.warn(withoutLists(sheetId, problem), { sheet: sheetId });
    }
    this.toldProblem = problem;
  }
}

/** @param problem  lists and reasons, as `recordHangings` gives them */
export function withoutLists(sheetId: string, problem: string): string {
  const hint = 'Callbacks still tell of them; give the account that owns the token the right to read them.';
  return `Sheet ${sheetId} is compared without its ${problem}. ${hint}`;
}
