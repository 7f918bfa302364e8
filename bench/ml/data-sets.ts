import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkedTable, type Table } from '../../lib/risk';

export interface DataSet {
  readonly name: string;
  readonly table: Table;
  readonly labels: ArrayLike<number>;
}

interface Npz {
  readonly X: { readonly data: ArrayLike<number>; readonly shape: readonly [number, number] };
  readonly y: { readonly data: ArrayLike<number> };
}

/** The labelled anomaly sets beside the project; empty where they are not present. */
export async function anomalySets(shared: string): Promise<DataSet[]> {
  const folder = join(shared, 'data/anomaly');
  if (!existsSync(folder)) return [];
  const reader = (await import(pathToFileURL(join(folder, 'read-npz.mjs')).href)) as { readNpz(path: string): Npz };
  return readdirSync(folder)
    .filter((file) => file.endsWith('.npz'))
    .sort()
    .map((file) => {
      const { X, y } = reader.readNpz(join(folder, file));
      return {
        name: file.replace(/\.npz$/u, ''),
        table: checkedTable(Float64Array.from(X.data), X.shape[1]),
        labels: y.data,
      };
    });
}
