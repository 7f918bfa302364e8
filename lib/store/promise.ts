/** Normal sittings of the last 28 days that have one score. */
export interface CountedSittings {
  /** 0..1, in thousandths. */
  readonly score: number;
  /** A model took part; its scores and those of rule points are not compared. */
  readonly modelled: boolean;
  readonly sittings: number;
  readonly first_at: string;
}

type Severity = 'HIGH' | 'MEDIUM' | 'LOW' | 'NONE';

/** What became of sittings, as the store counts it: `billing_audit_promise`. */
export interface CountedPromise {
  readonly normal: readonly CountedSittings[];
  /** Sittings in which reviewers confirmed a real problem. */
  readonly problems: readonly {
    readonly score: number;
    readonly modelled: boolean;
    /** The highest of its events, 0..1; null: none has one. */
    readonly risk: number | null;
    /** The highest of a violation; NONE: it violates nothing. */
    readonly severity: Severity;
    readonly always: boolean;
    /** Told at once by some rule, at whatever setting held then. */
    readonly told: boolean;
  }[];
  /** Those in force that have a cap. */
  readonly rules: readonly {
    readonly rule_id: string;
    readonly findings_a_day: number;
    readonly risk_from: number;
    readonly severity_from: Severity;
    readonly told_today: number;
    /** In the last 24 hours. */
    readonly held_today: number;
    /** Normal sittings of the last 28 days that it told at once. */
    readonly told_normal: number;
  }[];
}
