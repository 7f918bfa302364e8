import { stakeOf } from '../../lib/runtime/resolution/stake';
import type { RowCase } from '../../lib/runtime/resolution/row-case';
import { VersionTrust } from '../../lib/runtime/resolution/version-trust';
import { defaultSettings } from '../../lib/settings';

/** Of a row with a money column of this title and a logged date, looked at when its week has just closed in Chicago. */
function row(moneyTitle: string, dateTitle: string, observedAt = '2026-01-19T07:00:00.000Z'): RowCase {
  const facts = { id: '1', version: 3, createdAt: null, createdBy: null, modifiedAt: null, modifiedBy: null };
  const cell = (columnId: string, value: string) => ({ columnId, value, hasFormula: false });
  return {
    read: { ...facts, permalink: null, cells: [cell('11', '900'), cell('12', '2026-01-14')] },
    known: { row_id: '1', version: 1, modified_at: null, cells: { '11': '400', '12': '2026-01-14' } },
    columns: [
      { id: '11', title: moneyTitle, isSystem: false },
      { id: '12', title: dateTitle, isSystem: false },
    ],
    ...{ creator: null, cellEvents: [], observedAt, trust: new VersionTrust() },
  };
}
const DATE = 'Weekly Referenced Logged Date';

describe('how much hangs on a row', () => {
  it('is the money that moved, whole where the week had closed', () => {
    expect(stakeOf(row('Units Total Price', DATE), defaultSettings)).toBe(500);
  });

  it('is told by the columns as the settings in force name them', () => {
    const named = row('Betrag', 'Woche');
    const columnAliases = { betrag: 'Units Total Price', woche: DATE };
    expect(stakeOf(named, { ...defaultSettings, columnAliases })).toBe(500);
    expect(stakeOf(named, defaultSettings)).toBeLessThan(1);
  });

  it('is told by the time zone and the closing hour that are in force', () => {
    const late = row('Units Total Price', DATE);
    expect(stakeOf(late, { ...defaultSettings, closesAfterHours: 24 })).toBe(50);
    expect(stakeOf(late, { ...defaultSettings, timeZone: 'Pacific/Honolulu' })).toBe(50);
  });
});
