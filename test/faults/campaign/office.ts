import type { SandboxProcess } from '../../support/sandbox';

const SHEETS = 4;
const COLUMNS = ['Work Request #', 'Quantity', 'Note', 'Units Total Price', 'Redlined Total Price'] as const;
const AT_ONCE = 6;

/** A change of one cell, known by its new value: no other cell ever has it. */
export interface Edit {
  readonly value: string;
  readonly round: number;
}

/** Sheets of a sandbox in which each cell is changed once, so that each change is a callback and an entry of its own. */
export interface Office {
  readonly sheetIds: readonly string[];
  readonly edits: readonly Edit[];
  /** Changes so many cells that were not changed yet, a few at a time. */
  change(count: number, round: number): Promise<void>;
}

/** @param dice  a whole number below its argument */
export async function openOffice(
  sandbox: SandboxProcess,
  cells: number,
  dice: (below: number) => number,
): Promise<Office> {
  const rowsEach = Math.ceil(cells / (SHEETS * COLUMNS.length));
  const left: { sheetId: number; rowId: number; column: string }[] = [];
  const sheetIds: string[] = [];
  for (let sheet = 0; sheet < SHEETS; sheet += 1) {
    const rows = Array.from({ length: rowsEach }, (_, row) => ({
      'Work Request #': `WR-${sheet}-${row}`,
      Quantity: row,
    }));
    const made = await sandbox.control<{ id: number; rows: { id: number }[] }>('POST', '/sandbox/sheets', {
      name: `Week ${sheet}`,
      columns: COLUMNS,
      rows,
    });
    sheetIds.push(String(made.id));
    for (const { id: rowId } of made.rows) for (const column of COLUMNS) left.push({ sheetId: made.id, rowId, column });
  }
  shuffle(left, dice);
  const edits: Edit[] = [];
  const changeOne = async (round: number): Promise<void> => {
    const cell = left.pop();
    if (cell === undefined) throw new Error(`All ${edits.length} cells have been changed: the office is too small.`);
    const value = `value ${edits.length + 1}`;
    edits.push({ value, round });
    await sandbox.control('POST', '/sandbox/edit', { ...cell, value, by: 'clerk@example.com' });
  };
  return {
    sheetIds,
    edits,
    change: async (count, round) => {
      let waiting = count;
      const changeSome = async (): Promise<void> => {
        while (waiting > 0) {
          waiting -= 1;
          await changeOne(round);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, changeSome));
    },
  };
}

function shuffle(list: unknown[], dice: (below: number) => number): void {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = dice(last + 1);
    [list[last], list[other]] = [list[other], list[last]];
  }
}
