/**
 * How good and how fast the detectors and the logistic model are: `npm run bench:ml`.
 *
 * Quality on the ten labelled sets beside the project, fitted and scored on all rows, five seeds, no label used and no
 * set known to the code. The peer is scikit-learn's forest: run in the same minute where Python has it, else the figures
 * measured before. Times are CPU time of one core.
 */
import { resolve } from 'node:path';
import { loadavg } from 'node:os';
import {
  AnomalyModel,
  areaUnderCurve,
  averagePrecision,
  checkedTable,
  IsolationForest,
  seededRandom,
} from '../lib/risk';
import { cpuMilliseconds, mean, quantile } from './ml/cpu';
import { anomalySets, type DataSet } from './ml/data-sets';
import { measureLogistic } from './ml/logistic';
import { SCIKIT_LEARN_FIT_MILLISECONDS, SCIKIT_LEARN_FOREST, SCIKIT_LEARN_ONE_ROW_MILLISECONDS } from './ml/reference';

const SEEDS = [0, 1, 2, 3, 4];
const PARTS = ['forest', 'lesinn', 'ecod', 'combined'] as const;

void main();

async function main(): Promise<void> {
  const sets = await anomalySets(process.env['BILLING_AUDIT_SHARED'] ?? resolve('..', 'shared'));
  if (sets.length === 0) console.log('The labelled sets are not here (BILLING_AUDIT_SHARED): quality is not measured.');
  else printQuality(sets.map(quality));
  printSpeed(sets);
  measureLogistic();
  console.log(`load ${loadavg()[0]?.toFixed(1)}`);
}

type Quality = Readonly<Record<string, number | string>> & { readonly name: string };

function quality({ name, table, labels }: DataSet): Quality {
  const areas = new Map<string, number[]>();
  const note = (key: string, value: number): unknown => areas.set(key, [...(areas.get(key) ?? []), value]);
  for (const seed of SEEDS) {
    const scores = AnomalyModel.fit(table, { seed }).trainingScores(table);
    for (const part of PARTS) {
      const numbers = scores.map((score) => score[part]);
      note(`${part} AUC`, areaUnderCurve(labels, numbers));
      note(`${part} AP`, averagePrecision(labels, numbers));
    }
  }
  return { name, ...Object.fromEntries([...areas].map(([key, values]) => [key, mean(values)])) };
}

function printQuality(rows: readonly Quality[]): void {
  const meanOf = (key: string): number => mean(rows.map((row) => row[key] as number));
  const theirs = rows.map(({ name }) => SCIKIT_LEARN_FOREST[name]);
  const rounded = (row: Quality): object =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? value.toFixed(3) : value]),
    );
  console.table(
    rows.map((row, index) => ({ ...rounded(row), 'scikit-learn AUC': theirs[index]?.[0], AP: theirs[index]?.[1] })),
  );
  const known = theirs.filter((pair) => pair !== undefined);
  console.log(
    `mean AUC ${meanOf('combined AUC').toFixed(4)}, AP ${meanOf('combined AP').toFixed(4)}; forest alone ${meanOf('forest AUC').toFixed(4)} / ${meanOf('forest AP').toFixed(4)};` +
      ` scikit-learn's forest ${mean(known.map(([area]) => area)).toFixed(4)} / ${mean(known.map(([, precision]) => precision)).toFixed(4)}` +
      ' (goals: 0.895 / 0.474)',
  );
  const losses = rows.map((row, index) => (theirs[index]?.[0] ?? 0) - (row['combined AUC'] as number));
  const worst = losses.indexOf(Math.max(...losses));
  console.log(
    `worst against scikit-learn: ${rows[worst]?.name} ${(losses[worst] as number).toFixed(3)} below (goal: at most 0.08)`,
  );
}

function printSpeed(sets: readonly DataSet[]): void {
  const normal = seededRandom(1);
  const many = checkedTable(
    Float64Array.from({ length: 50_000 * 59 }, () => normal() + normal() + normal() - 1.5),
    59,
  );
  const rows = [...sets, { name: '50,000 x 59 made up', table: many, labels: [] }].map(({ name, table }) => {
    const fits = SEEDS.map((seed) => cpuMilliseconds(() => IsolationForest.fit(table, { seed })));
    const forest = IsolationForest.fit(table, { seed: 0 });
    const model = AnomalyModel.fit(table, { seed: 0 });
    const calls = 5_000;
    const at = (call: number): number => (call % table.rows) * table.columns;
    const each = (score: (offset: number) => unknown): number => {
      for (let call = 0; call < calls; call += 1) score(at(call));
      const milliseconds = cpuMilliseconds(() => {
        for (let call = 0; call < calls; call += 1) score(at(call));
      });
      return (1000 * milliseconds) / calls;
    };
    return {
      name,
      'fit 100 trees ms': quantile(fits, 0.5).toFixed(1),
      'forest, one row us': each((offset) => forest.score(table.values, offset)).toFixed(1),
      'all detectors, one row us': each((offset) => model.score(table.values, offset)).toFixed(1),
    };
  });
  console.table(rows);
  console.log(
    `scikit-learn before: ${SCIKIT_LEARN_FIT_MILLISECONDS} ms to fit, ${SCIKIT_LEARN_ONE_ROW_MILLISECONDS} ms for one row (goals: 15 ms at 50,000 rows, 10 us)`,
  );
}
