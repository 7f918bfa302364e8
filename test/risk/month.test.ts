import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CancelledPlaces } from '../../bench/month/places';
import { bundle } from '../support/store';

const shared = process.env['BILLING_AUDIT_SHARED'] ?? resolve(__dirname, '../../../shared');
const month = join(shared, 'data/online-retail/online-retail-2011-01.csv');
const whenPresent = existsSync(month) ? it : it.skip;
if (!existsSync(month)) console.warn(`The real month is not at ${month}, so the place of C541433 is not looked at.`);

whenPresent(
  'C541433 is the strangest of the 618 changed cells of a real month, by what came before it and by all',
  () => {
    const program = bundle('bench/month/places.ts', 'month-places');
    const told = JSON.parse(
      execFileSync(process.execPath, [program, month], { encoding: 'utf8' }),
    ) as CancelledPlaces[];
    expect(told.map(({ trainedOn }) => trainedOn)).toEqual([19_166, 35_455]);
    for (const { changedCells, places } of told) {
      expect(changedCells).toBe(618);
      expect(places).toEqual({ Quantity: 1, 'Units Total Price': 2 });
    }
  },
  120_000,
);
