import { BadNumbers } from './errors';

/** Rows of numbers, one after another in one typed array: value (row, column) is `values[row * columns + column]`. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/**
 * A table from rows of equal length.
 * @throws BadNumbers  when there is no row or no column, rows differ in length, or a value is not a finite number
 */
export function tableOf(rows: readonly (readonly number[])[]): Table {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns) {
      throw new BadNumbers(
        `Row ${index} has ${row.length} values, the first row has ${columns}.`,
        'Give every row the same columns; what is missing must be filled in before.',
        { row: index, found: row.length, expected: columns },
      );
    }
    values.set(row, index * columns);
  }
  return checkedTable(values, columns);
}

/**
 * A table over values that stand row by row already; the array is used, not copied.
 * @throws BadNumbers  as `tableOf`
 */
export function checkedTable(values: Float64Array, columns: number): Table {
  if (!(columns > 0) || values.length === 0) {
    throw new BadNumbers('There is nothing to learn from: no row or no column.', 'Give at least one row of one value.');
  }
  if (values.length % columns !== 0) {
    throw new BadNumbers(
      `${values.length} values do not make whole rows of ${columns}.`,
      'Check the number of columns, and that the data was not cut off.',
      { values: values.length, columns },
    );
  }
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) throw notFinite(values[index], Math.floor(index / columns), index % columns);
  }
  return { rows: values.length / columns, columns, values };
}

/** These rows of a table, in this order, as a table of their own. */
export function rowsOfTable({ columns, values }: Table, rows: readonly number[]): Table {
  const part = new Float64Array(rows.length * columns);
  for (const [place, row] of rows.entries()) {
    part.set(values.subarray(row * columns, (row + 1) * columns), place * columns);
  }
  return { rows: rows.length, columns, values: part };
}

/** Refuses a row that a model cannot judge: too short, or not finite. `offset` is where it starts in `values`. */
export function checkRow(values: ArrayLike<number>, offset: number, columns: number): void {
  if (values.length < offset + columns) {
    throw new BadNumbers(
      `The model knows ${columns} columns, this row has ${Math.max(0, values.length - offset)}.`,
      'Give the columns that the model was trained with, in their order.',
      { expected: columns, found: Math.max(0, values.length - offset) },
    );
  }
  for (let column = 0; column < columns; column += 1) {
    const value = values[offset + column];
    if (!Number.isFinite(value)) throw notFinite(value, null, column);
  }
}

function notFinite(value: number | undefined, row: number | null, column: number): BadNumbers {
  const where = row === null ? `column ${column}` : `row ${row}, column ${column}`;
  return new BadNumbers(
    `The value in ${where} is ${value}, not a finite number.`,
    'Fill missing values in before (with the median, and a column that says so), and cap infinite ones.',
    { row, column },
  );
}
