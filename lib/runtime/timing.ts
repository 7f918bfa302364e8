/** How long things take and how many go at once. Tests choose shorter ones. */
export interface Timing {
  /** A webhook is looked at, and its sheet compared, this often: a callback may have been dropped. */
  readonly sweepSeconds: number;
  /** Between its callbacks a sheet's version is looked at this often at most; less often where the budget is short. */
  readonly glanceSeconds: number;
  /**
   * With a webhook, a row that is gone, or that was changed by nobody knows whom, waits this long for the callback that
   * says who it was; Smartsheet holds callbacks back for a minute (reference §2.7).
   */
  readonly deletionGraceSeconds: number;
  /** A change that was found by comparing and of which no callback has told for this long: callbacks are missing. */
  readonly callbackPatienceSeconds: number;
  /** A process that ends lets its callbacks wait this long; one that is busy renews. */
  readonly callbackLeaseSeconds: number;
  readonly changeLeaseSeconds: number;
  /** Changes handed out and not recorded yet. */
  readonly changesInFlight: number;
  /** Looks for work that another process left, or that nobody rang for. */
  readonly idleSeconds: number;
  /** The first wait after a failure; doubled up to a minute, for refusals up to five. */
  readonly firstRetrySeconds: number;
  /** Which sheets a workspace has is looked at this often. */
  readonly workspaceSeconds: number;
  /** After the last trigger started or ended: then a webhook whose sheet nobody watches any more is taken away. */
  readonly settleSeconds: number;
  /** How sheets are watched is noted this often; a silence of three minutes is a gap. */
  readonly coverageSeconds: number;
  /** Nobody answers for this long: people are told. Shorter ones end by themselves, and the gap is found. */
  readonly outageSeconds: number;
  /** What was told as broken must work for this long before it is told to be well: else one that comes and goes is a storm. */
  readonly wellSeconds: number;
  /** The longest that a recorded event waits for its seal; until then it is shown as not yet protected. */
  readonly sealSeconds: number;
  /** Whether the months to come have their partitions is looked at this often. */
  readonly monthSeconds: number;
}

export const DEFAULT_TIMING: Timing = {
  sweepSeconds: 300,
  glanceSeconds: 2,
  deletionGraceSeconds: 90,
  callbackPatienceSeconds: 300,
  callbackLeaseSeconds: 60,
  changeLeaseSeconds: 60,
  changesInFlight: 1000,
  idleSeconds: 5,
  firstRetrySeconds: 1,
  workspaceSeconds: 300,
  settleSeconds: 30,
  coverageSeconds: 60,
  outageSeconds: 300,
  wellSeconds: 60,
  sealSeconds: 60,
  monthSeconds: 6 * 3600,
};
