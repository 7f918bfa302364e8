/**
 * PGlite has no background processes: without CHECKPOINT its log grows for ever and the start after a crash takes half a
 * minute; without VACUUM dead rows stay; without ANALYZE plans made while tables were empty are kept and read whole tables
 * (30 times slower at 12,000 rows). This decides when; the driver does it.
 */
export interface UpkeepState {
  /** Those that wrote something: who only reads makes neither a log nor dead rows. */
  readonly commitsSinceCheckpoint: number;
  /** Since the opening. */
  readonly commits: number;
  readonly analyzeAtCommits: number;
  readonly checkpointAt: number;
  readonly vacuumAt: number;
}

export type Upkeep = 'checkpoint' | 'vacuum' | 'analyze';

export const CHECKPOINT_COMMITS = 1000;
export const CHECKPOINT_MILLISECONDS = 5 * 60_000;
/** The first ANALYZE after opening; the next ones each after so many times as much, as tables grow. */
export const FIRST_ANALYZE_COMMITS = 100;
export const ANALYZE_GROWTH = 3;
export const VACUUM_MILLISECONDS = 24 * 3_600_000;
/** The first VACUUM after opening, so that a program which is restarted every day vacuums too. */
export const FIRST_VACUUM_MILLISECONDS = 10 * 60_000;

/** The tables that ANALYZE and VACUUM are for, each by its quoted name with its schema, the catalogue's own too. Partitions go with their table. */
export const UPKEPT_TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'p') and not c.relispartition and c.relpersistence <> 't' order by c.oid`;

export function upkeepAtOpening(now: number): UpkeepState {
  return {
    commitsSinceCheckpoint: 0,
    commits: 0,
    analyzeAtCommits: FIRST_ANALYZE_COMMITS,
    checkpointAt: now,
    vacuumAt: now - VACUUM_MILLISECONDS + FIRST_VACUUM_MILLISECONDS,
  };
}

export function afterCommit(state: UpkeepState): UpkeepState {
  return { ...state, commitsSinceCheckpoint: state.commitsSinceCheckpoint + 1, commits: state.commits + 1 };
}

/** @param now  milliseconds since 1970 */
export function dueUpkeep(state: UpkeepState, now: number): Upkeep | null {
  if (state.commits >= state.analyzeAtCommits) return 'analyze';
  if (state.commitsSinceCheckpoint >= CHECKPOINT_COMMITS) return 'checkpoint';
  if (state.commitsSinceCheckpoint > 0 && now - state.checkpointAt >= CHECKPOINT_MILLISECONDS) return 'checkpoint';
  if (now - state.vacuumAt >= VACUUM_MILLISECONDS) return 'vacuum';
  return null;
}

export function afterUpkeep(state: UpkeepState, done: Upkeep, now: number): UpkeepState {
  if (done === 'analyze') return { ...state, analyzeAtCommits: state.analyzeAtCommits * ANALYZE_GROWTH };
  return done === 'checkpoint'
    ? { ...state, commitsSinceCheckpoint: 0, checkpointAt: now }
    : { ...state, vacuumAt: now };
}
