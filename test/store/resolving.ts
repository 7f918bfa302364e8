import { secretBox, storeOver, type Observation, type Store } from '../../lib/store';
import type { Change } from '../../lib/event/change';
import { emptyStore } from './empty-store';
import type { StoreUnderTest, TestedDriver } from './stores';
import { cell, observation, row, sheetId, step } from './examples';

/** A row as the first look at the sheet finds it. */
export const knownRow = row(
  '21',
  1,
  cell('11', step('77.1', '09:00:00')),
  cell('12', step('10', '09:00:00')),
  cell('13', step('100.00', '09:00:00')),
);

/** The store under test, emptied before each test. */
export class Resolving {
  driver!: TestedDriver;
  store!: Store;

  constructor(under: () => StoreUnderTest) {
    beforeAll(() => {
      this.driver = under().driver;
      this.store = storeOver(this.driver, { secrets: secretBox(new Uint8Array(32)) });
    });
    beforeEach(() => emptyStore(this.driver));
  }

  /** Resolves, and gives the changes that it made, oldest first. */
  async resolve(clock: string, given: Partial<Observation>): Promise<readonly Change[]> {
    const { event_keys } = await this.store.resolve(observation(clock, given));
    const changes = await this.store.leaseChanges({ sheetIds: [sheetId], limit: 10_000, leaseSeconds: 600 });
    expect(changes.map((change) => change.event_key).sort()).toEqual([...event_keys].sort());
    return changes;
  }

  /** The first look at the sheet. */
  baseline(): Promise<readonly Change[]> {
    return this.resolve('09:00:01', { rows: [knownRow], baseline: true });
  }
}
