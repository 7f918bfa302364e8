import { messageOf } from '../errors';
import type { Log, Now } from '../ports';
import type { Timing } from './timing';
import type { TroubleKind } from './troubles';

/** A failure of the watch of one sheet, as it is told to people. */
export interface WatchTrouble {
  readonly kind: TroubleKind;
  readonly sheetId: string;
  readonly failure: unknown;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** How often the sheet is looked at while it has no webhook. */
  readonly pollSeconds: number;
}

/** Who tells people of the watch itself. What is told again while it lasts is told nobody twice. */
export interface TroubleTeller {
  begin(trouble: WatchTrouble): Promise<void>;
  /** @returns false when it is not over yet */
  end(kind: TroubleKind, sheetId: string): Promise<boolean>;
  /** Sheets of which people were told of a trouble that lasts. */
  troubledSheets(): Promise<readonly string[]>;
  /** Nobody watches the sheet any more, so none of its troubles can end by itself: each is closed, and not told as well. */
  endUnwatched(sheetId: string): Promise<void>;
}

interface Failing {
  readonly since: number;
  readonly times: number;
}

const ALL: readonly TroubleKind[] = ['token', 'sheet', 'webhook', 'callbacks', 'watch'];
/** A single refusal may be an accident of the other side; it is asked again within seconds. */
const TIMES_BEFORE_TOLD: Readonly<Record<TroubleKind, number>> = {
  token: 2,
  sheet: 2,
  webhook: 1,
  callbacks: 1,
  watch: 1,
};

/**
 * Decides when people are told of what goes wrong with one sheet: a refusal when it is repeated, silence when it lasts,
 * and the end when it has been well for a while. Failures to tell are logged; the next occasion tries again.
 */
export class SheetTroubles {
  private readonly failing = new Map<TroubleKind, Failing>();
  private readonly wellSince = new Map<TroubleKind, number>();
  /** What may have been told and not been ended; at first everything, since it may have begun before a restart. */
  private readonly unsettled = new Set(ALL);

  constructor(
    private readonly parts: {
      readonly sheetId: string;
      readonly pollSeconds: number;
      readonly teller: Pick<TroubleTeller, 'begin' | 'end'> | null;
      readonly timing: Pick<Timing, 'outageSeconds' | 'wellSeconds'>;
      readonly now: Now;
      readonly log: Log;
    },
  ) {}

  async failed(kind: TroubleKind, failure: unknown): Promise<void> {
    const { teller, timing, now, sheetId, pollSeconds } = this.parts;
    const before = this.failing.get(kind);
    const failing = { since: before?.since ?? now(), times: (before?.times ?? 0) + 1 };
    this.failing.set(kind, failing);
    this.wellSince.delete(kind);
    const lasted = now() - failing.since;
    if (teller === null || failing.times < TIMES_BEFORE_TOLD[kind]) return;
    if (kind === 'watch' && lasted < timing.outageSeconds * 1000) return;
    this.unsettled.add(kind);
    await this.say(() => teller.begin({ kind, sheetId, failure, since: failing.since, pollSeconds }));
  }

  /** These work at this moment. */
  well(...kinds: readonly TroubleKind[]): void {
    for (const kind of kinds) {
      this.failing.delete(kind);
      if (this.unsettled.has(kind) && !this.wellSince.has(kind)) this.wellSince.set(kind, this.parts.now());
    }
  }

  /** Tells the end of what has been well for long enough. */
  async settle(): Promise<void> {
    const { teller, timing, now, sheetId } = this.parts;
    for (const [kind, since] of [...this.wellSince]) {
      if (now() - since < timing.wellSeconds * 1000) continue;
      this.wellSince.delete(kind);
      if (teller === null || (await this.say(() => teller.end(kind, sheetId)))) this.unsettled.delete(kind);
    }
  }

  /** When `settle` has something to do, in milliseconds since 1970; `Infinity`: nothing. */
  get dueAt(): number {
    return Math.min(...this.wellSince.values()) + this.parts.timing.wellSeconds * 1000;
  }

  private async say<Said>(tell: () => Promise<Said>): Promise<Said | null> {
    try {
      return await tell();
    } catch (failure) {
      const { log, sheetId } = this.parts;
      log.error(`Nobody could be told how sheet ${sheetId} is watched: ${messageOf(failure)}`, { sheet: sheetId });
      return null;
    }
  }
}
