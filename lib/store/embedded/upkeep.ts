/**
 * PGlite has no background processes: without CHECKPOINT its log grows for ever and the start after a crash takes half a
 * minute; without VACUUM dead rows stay. This decides when; the driver does it.
 */
export interface UpkeepState {
  readonly commitsSinceCheckpoint: number;
  readonly checkpointAt: number;
  readonly vacuumAt: number;
}

export const CHECKPOINT_COMMITS = 1000;
export const CHECKPOINT_MILLISECONDS = 5 * 60_000;
export const VACUUM_MILLISECONDS = 24 * 3_600_000;
/** The first VACUUM after opening, so that a program which is restarted every day vacuums too. */
export const FIRST_VACUUM_MILLISECONDS = 10 * 60_000;

export function upkeepAtOpening(now: number): UpkeepState {
  return {
    commitsSinceCheckpoint: 0,
    checkpointAt: now,
    vacuumAt: now - VACUUM_MILLISECONDS + FIRST_VACUUM_MILLISECONDS,
  };
}

/** @param now  milliseconds since 1970 */
export function dueUpkeep(state: UpkeepState, now: number): 'checkpoint' | 'vacuum' | null {
  if (state.commitsSinceCheckpoint >= CHECKPOINT_COMMITS) return 'checkpoint';
  if (state.commitsSinceCheckpoint > 0 && now - state.checkpointAt >= CHECKPOINT_MILLISECONDS) return 'checkpoint';
  if (now - state.vacuumAt >= VACUUM_MILLISECONDS) return 'vacuum';
  return null;
}

export function afterUpkeep(state: UpkeepState, done: 'checkpoint' | 'vacuum', now: number): UpkeepState {
  return done === 'checkpoint'
    ? { ...state, commitsSinceCheckpoint: 0, checkpointAt: now }
    : { ...state, vacuumAt: now };
}
