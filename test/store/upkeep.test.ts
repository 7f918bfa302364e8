import {
  afterUpkeep,
  CHECKPOINT_COMMITS,
  CHECKPOINT_MILLISECONDS,
  dueUpkeep,
  FIRST_ANALYZE_COMMITS,
  FIRST_VACUUM_MILLISECONDS,
  upkeepAtOpening,
  VACUUM_MILLISECONDS,
} from '../../lib/store/embedded/upkeep';

describe('upkeep of the embedded store', () => {
  const opened = upkeepAtOpening(0);

  it('has nothing to do in a store that nobody writes to', () => {
    expect(dueUpkeep(opened, FIRST_VACUUM_MILLISECONDS - 1)).toBeNull();
  });

  it('makes a checkpoint after a thousand commits, however fast they came', () => {
    expect(dueUpkeep({ ...opened, commitsSinceCheckpoint: CHECKPOINT_COMMITS }, 1)).toBe('checkpoint');
  });

  it('makes a checkpoint five minutes after the last, when anything was written', () => {
    const written = { ...opened, commitsSinceCheckpoint: 1 };
    expect(dueUpkeep(written, CHECKPOINT_MILLISECONDS - 1)).toBeNull();
    expect(dueUpkeep(written, CHECKPOINT_MILLISECONDS)).toBe('checkpoint');
    expect(dueUpkeep(afterUpkeep(written, 'checkpoint', CHECKPOINT_MILLISECONDS), CHECKPOINT_MILLISECONDS)).toBeNull();
  });

  it('vacuums ten minutes after opening and then once a day', () => {
    expect(dueUpkeep(opened, FIRST_VACUUM_MILLISECONDS)).toBe('vacuum');
    const vacuumed = afterUpkeep(opened, 'vacuum', FIRST_VACUUM_MILLISECONDS);
    expect(dueUpkeep(vacuumed, FIRST_VACUUM_MILLISECONDS + VACUUM_MILLISECONDS - 1)).toBeNull();
    expect(dueUpkeep(vacuumed, FIRST_VACUUM_MILLISECONDS + VACUUM_MILLISECONDS)).toBe('vacuum');
  });

  it('learns anew how large its tables are, more and more seldom', () => {
    const grown = { ...opened, commits: FIRST_ANALYZE_COMMITS };
    expect(dueUpkeep({ ...opened, commits: FIRST_ANALYZE_COMMITS - 1 }, 1)).toBeNull();
    expect(dueUpkeep(grown, 1)).toBe('analyze');
    expect(dueUpkeep(afterUpkeep(grown, 'analyze', 1), 1)).toBeNull();
    expect(dueUpkeep({ ...afterUpkeep(grown, 'analyze', 1), commits: 3 * FIRST_ANALYZE_COMMITS }, 1)).toBe('analyze');
  });
});
