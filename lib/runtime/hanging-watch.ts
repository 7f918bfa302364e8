import { AwaitedRows } from './awaited-rows';
import { compareHangings, nameOf } from './resolution/compare-hangings';
import { readAt } from './resolution/resolver';
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
    const { client, store, now, timing, onResolved } = this.parts;
    const { sheetId } = this.target;
    if (this.doneUpTo === version) return;
    const isEarly = now() - this.comparedAt < timing.sweepSeconds * 1000;
    if (reason === 'sweep' && isEarly && this.isSettled) return;
    const known = await store.knownHangings(sheetId);
    const isDone = known.lists.length > 1 && known.lists.every((list) => list.version === version);
    if (isDone) this.doneUpTo = version;
    if (isDone) return;
    const sheet = await client.sheetFacts(sheetId);
    const observedAt = readAt(sheet, now());
    const isOverdue = (hanging: string): boolean => this.awaited.isOverdue(hanging);
    const { compared, awaited } = await compareHangings({ sheet, known, observedAt, isOverdue }, client);
    const audit_run_id = `backfill:${sheetId}:${sheet.version}`;
    const { event_keys } = await store.resolveHangings({ ...compared, audit_run_id, found_by: 'backfill' });
    this.awaited.keep(awaited);
    this.comparedAt = now();
    if (this.isSettled) this.doneUpTo = sheet.version;
    this.tell(compared.lists.flatMap(({ list, problem }) => (problem === null ? [] : [`${list}: ${problem}`])));
    if (event_keys.length > 0) onResolved();
    if (compared.objects.length > 0) this.onFound(compared.objects.map(nameOf));
  }

  /** Each trouble once, and again after it was over. */
  private tell(problems: readonly string[]): void {
    const problem = problems.length === 0 ? null : problems.join('; ');
    if (problem !== null && problem !== this.toldProblem) {
      const { sheetId } = this.target;
      const hint = 'Callbacks still tell of them; give the account that owns the token the right to read them.';
      this.parts.log.warn(`Sheet ${sheetId} is compared without its ${problem}. ${hint}`, { sheet: sheetId });
    }
    this.toldProblem = problem;
  }
}
