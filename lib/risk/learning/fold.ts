import { amountOf } from '../../event';
import { atOnce, type Steps } from '../../steps';
import { type BillingSettings, canonicalTitle, QUANTITY, UNITS_TOTAL_PRICE } from '../../settings';
import { BadModel } from '../errors';
import { type EventLine, EventReader, type RiskEvent } from '../features/risk-event';
import { RiskState } from '../state/risk-state';

/** A line of the trail, as far as the state is made of it; `TrailLine` of the store, or an event on its way. */
export interface FoldLine extends EventLine {
  readonly kind: string;
  /** Of `row_added`: what stood in its cells, by title. */
  readonly values?: Readonly<Record<string, string | null>> | null;
  /** Of `person_saved`: who. Of `event_marked` and `event_judged`: the key of the event. */
  readonly about?: string | null;
  /** Of `event_marked` and `event_judged`: whose change it was. */
  readonly subject?: string | null;
  /** Of `event_marked` and `event_judged`: whether the reviewer made that change. */
  readonly is_own?: boolean;
}

interface WaitingVerdict {
  /** The key of the event; null: nobody knows. */
  readonly event: string | null;
  readonly at: number;
  readonly isFinding: boolean;
  readonly person: string | null;
  readonly sheet: string | null;
  readonly workRequest: string | null;
}

/** A fold as it is saved. */
interface SavedFold {
  readonly state: Record<string, unknown>;
  readonly verdicts: WaitingVerdict[];
  readonly counted: readonly string[];
}

/** A verdict counts only after this, so that it can be taken back, and nobody steers the model within a day. */
const VERDICT_AFTER = 86_400_000;
const MOST_VERDICTS = 10_000;
const UNIT_CODE = 'CU';

const FINDING: Readonly<Record<string, boolean>> = {
  true: true,
  finding: true,
  confirmed: true,
  false: false,
  false_alarm: false,
  approved: false,
};

/**
 * The state of the features as a fold over the trail in the order of storing: whoever folds the same lines has the same
 * state, byte for byte, however often it was saved and loaded in between. People come from what the trail says of the
 * directory, rows from what they were added with, verdicts from what reviewers marked.
 */
export class TrailFold {
  private readonly reader: EventReader;

  private constructor(
    private readonly settings: BillingSettings,
    readonly state: RiskState,
    private waiting: WaitingVerdict[],
    /** Events whose verdict has counted: a later word on them does not count again. */
    private readonly counted: Set<string>,
  ) {
    this.reader = new EventReader(settings);
  }

  static begin(settings: BillingSettings): TrailFold {
    return new TrailFold(settings, new RiskState(), [], new Set());
  }

  /** @throws BadModel  when it was saved by another version */
  static load(settings: BillingSettings, json: Record<string, unknown>): TrailFold {
    return atOnce(TrailFold.loading(settings, json));
  }

  /** The same in steps. */
  static *loading(settings: BillingSettings, json: Record<string, unknown>): Steps<TrailFold> {
    const { state, verdicts, counted } = json as Partial<SavedFold>;
    if (!state || !Array.isArray(verdicts) || !Array.isArray(counted)) {
      throw new BadModel('risk state', 'it has no state or no verdicts');
    }
    return new TrailFold(settings, yield* RiskState.loading(state), verdicts, new Set(counted));
  }

  /**
   * Reads a line. What is no change is taken at once; a change is to be taken by `take`, after its features were made.
   * @returns the change, or null
   * @throws BadNumbers  when a change has no time that can be read
   */
  read(line: FoldLine): RiskEvent | null {
    if (line.kind === 'person_saved') this.person(line);
    else if (VERDICTS.has(line.kind)) this.verdict(line);
    else if (!OF_THE_STORE.has(line.kind)) return this.reader.read(changeIn(line));
    return null;
  }

  /** Takes a change that was read, and what its row was added with. */
  take(event: RiskEvent, line: FoldLine): void {
    this.judgeUpTo(event.at);
    this.state.take(event);
    if (line.kind === 'row_added') this.row(line);
  }

  toJSON(): Omit<SavedFold, 'state'> & { readonly state: RiskState } {
    return { state: this.state, verdicts: this.waiting, counted: [...this.counted] };
  }

  private person({ about, new_value }: FoldLine): void {
    const said = about ? parsed(new_value) : null;
    if (!about || !said) return;
    this.state.learn({
      kind: 'person',
      person: about.toLowerCase(),
      role: textOr(said['role']),
      access_level: typeof said['access_level'] === 'number' ? said['access_level'] : null,
      last_review_at: textOr(said['last_review_at']),
    });
  }

  private row({ sheet_id, row_id, values }: FoldLine): void {
    if (!sheet_id || !row_id || !values) return;
    const cells = new Map(Object.entries(values).map(([title, text]) => [canonicalTitle(title, this.settings), text]));
    const figure = (title: string): number | null => {
      const amount = cells.has(title) ? amountOf(cells.get(title) ?? null) : null;
      return amount === null ? null : Number(amount);
    };
    this.state.learn({
      ...{ kind: 'row', sheet_id, row_id, unit_code: cells.get(UNIT_CODE) ?? null },
      ...{ quantity: figure(QUANTITY), price: figure(UNITS_TOTAL_PRICE) },
    });
  }

  /** Of several words on an event the last counts, as in `labelsOf`; and it counts once. */
  private verdict({ new_value, changed_by, about, subject, is_own, changed_at, ...where }: FoldLine): void {
    const said = new_value ?? '';
    const isFinding = FINDING[said];
    const [person, reviewer] = [subject?.toLowerCase() ?? null, changed_by?.toLowerCase() ?? null];
    // Nobody teaches the model about himself.
    const isOwn = is_own === true || (person !== null && person === reviewer);
    const [at, event] = [Date.parse(changed_at), about ?? null];
    if ((isFinding === undefined && said !== UNSURE) || Number.isNaN(at) || isOwn) return;
    if (event !== null && this.counted.has(event)) return;
    if (event !== null) this.waiting = this.waiting.filter((each) => each.event !== event);
    if (isFinding === undefined) return;
    const { sheet_id: sheet = null, work_request: workRequest = null } = where;
    this.waiting.push({ event, at, isFinding, person, sheet, workRequest });
    if (this.waiting.length > MOST_VERDICTS) this.waiting.shift();
  }

  private judgeUpTo(now: number): void {
    while (this.waiting[0] !== undefined && this.waiting[0].at <= now - VERDICT_AFTER) {
      const verdict = this.waiting.shift() as WaitingVerdict;
      this.state.judge(verdict);
      if (verdict.event !== null) this.counts(verdict.event);
    }
  }

  private counts(event: string): void {
    this.counted.add(event);
    if (this.counted.size <= MOST_VERDICTS) return;
    for (const oldest of this.counted) {
      this.counted.delete(oldest);
      return;
    }
  }
}

/** A verdict that settled a case, and a judgement whether it was a real problem; the trail has one of them for each word. */
const VERDICTS: ReadonlySet<string> = new Set(['event_marked', 'event_judged']);
const IMPORTED = 'imported';
/** Takes back what was said before. */
const UNSURE = 'unsure';

/** What stands in the trail and is no change of a sheet. */
const OF_THE_STORE: ReadonlySet<string> = new Set(['person_removed', 'payloads_erased', 'sheet_checked', 'watch_gap']);

/** Whether a model can say something of an event of this kind: somebody changed something. */
export function isJudged(kind: string): boolean {
  return JUDGED.test(kind);
}

const JUDGED = /^(cell_changed|(row|column|attachment|discussion|comment)_\w+)$/u;

/** What was imported was a change of a cell when it happened. */
function changeIn(line: FoldLine): FoldLine {
  const kind = line.kind === IMPORTED ? 'cell_changed' : line.kind;
  return { ...line, kind, changed_by: line.changed_by?.toLowerCase() ?? null };
}

/** @returns null for what is no object: a person of whom nothing can be read teaches nothing */
function parsed(text: string | null | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
