import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import type * as Library from '../../lib/risk/library';

const ROOT = resolve(__dirname, '../..');
const BUILT = join(ROOT, 'dist/billing-audit');
const PAGE = readFileSync(join(ROOT, 'docs/risk-library.md'), 'utf8');
const blockOf = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'u').exec(PAGE)?.[1] ?? '';

/** A project of somebody else's that has the built package. */
const project = mkdtempSync(join(tmpdir(), 'billing-audit-library-'));
mkdirSync(join(project, 'node_modules'));
symlinkSync(BUILT, join(project, 'node_modules/billing-audit'), 'junction');
afterAll(() => rmSync(project, { recursive: true }));

const library = createRequire(join(project, 'index.js'))('billing-audit/risk') as typeof Library;
const { checkedTable, Ecod, IsolationForest, LeSiNN, LogisticModel, tableOf } = library;

const run = (name: string, text: string): string => {
  writeFileSync(join(project, name), text);
  return execFileSync(process.execPath, [name], { cwd: project, encoding: 'utf8' });
};

describe('the library of the built package', () => {
  it('runs the example of its page, by require and by import, and prints what the page says', () => {
    const example = blockOf('js');
    expect(example).toContain("require('billing-audit/risk')");
    expect(run('example.cjs', example)).toBe(blockOf('text'));
    const asModule = example.replace(/const (\{[^}]*\}) = require\(('[^']*')\);/u, 'import $1 from $2;');
    expect(asModule).not.toContain('require(');
    expect(run('example.mjs', asModule)).toBe(blockOf('text'));
  });

  it.each([
    ['node16', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
    ['the resolution of before', ts.ModuleKind.CommonJS, ts.ModuleResolutionKind.Node10],
  ])(
    'tells TypeScript its types, with %s',
    (_, module, moduleResolution) => {
      const check = (text: string): string[] => {
        const file = join(project, 'use.ts');
        writeFileSync(file, text);
        const options = { strict: true, noEmit: true, types: [], module, moduleResolution, ignoreDeprecations: '5.0' };
        const program = ts.createProgram([file], { ...options, target: ts.ScriptTarget.ES2022 });
        return ts
          .getPreEmitDiagnostics(program)
          .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      };
      const right = `import { IsolationForest, LogisticModel, tableOf, type Table } from 'billing-audit/risk';
      const table: Table = tableOf([[1, 2], [3, 4]]);
      const score: number = IsolationForest.fit(table, { trees: 10 }).score([1, 2]);
      const all: number[] = LogisticModel.fit(table, [0, 1]).probabilities([1, 2]);
      export { score, all };`;
      expect(check(right)).toEqual([]);
      expect(check(right.replace('trees: 10', "trees: 'ten'"))).toEqual([
        "Type 'string' is not assignable to type 'number'.",
      ]);
    },
    300_000,
  );

  it('hands out nothing but what its page names, and the types of nothing else', () => {
    expect(Object.keys(library).sort()).toEqual([
      ...['BadLabels', 'BadModel', 'BadNumbers', 'Ecod', 'IsolationForest', 'LeSiNN', 'LogisticModel'],
      ...['areaUnderCurve', 'averagePrecision', 'checkedTable', 'tableOf'],
    ]);
    expect(() => readFileSync(join(BUILT, 'types/ports.d.ts'))).toThrow('ENOENT');
  });
});

describe('bad input', () => {
  const table = tableOf([
    [1, 2],
    [2, 1],
    [3, 5],
    [4, 4],
  ]);
  const fits = [
    ['IsolationForest', (given: Library.Table) => IsolationForest.fit(given)],
    ['LeSiNN', (given: Library.Table) => LeSiNN.fit(given)],
    ['Ecod', (given: Library.Table) => Ecod.fit(given)],
    [
      'LogisticModel',
      (given: Library.Table) =>
        LogisticModel.fit(
          given,
          Array.from({ length: given.rows }, (_, row) => row % 2),
        ),
    ],
  ] as const;
  const scoreOf = (model: ReturnType<(typeof fits)[number][1]>, row: number[]): number[] =>
    model instanceof LogisticModel ? model.probabilities(row) : [model.score(row)];

  it.each([
    [
      'NaN',
      [
        [1, 2],
        [NaN, 1],
      ],
      'row 1, column 0 is NaN',
    ],
    [
      'an infinity',
      [
        [1, -Infinity],
        [2, 1],
      ],
      'row 0, column 1 is -Infinity',
    ],
    ['rows of different lengths', [[1, 2], [1]], 'Row 1 has 1 values'],
    ['no row', [], 'no row or no column'],
  ])('%s is refused, with its place', (_, rows, words) => {
    expect(() => tableOf(rows)).toThrow(expect.objectContaining({ code: 'bad_numbers' }));
    expect(() => tableOf(rows)).toThrow(words);
  });

  it.each(fits)('%s judges no row with NaN, an infinity or too few columns', (_, fit) => {
    const model = fit(table);
    for (const row of [[NaN, 1], [1, Infinity], [1]]) {
      expect(() => scoreOf(model, row)).toThrow(
        expect.objectContaining({ code: 'bad_numbers', hint: expect.any(String) }),
      );
    }
  });

  it.each(fits)(
    '%s gives finite scores from constant columns, and from one row where labels are not needed',
    (name, fit) => {
      const constant = checkedTable(
        Float64Array.from({ length: 20 }, () => 3),
        2,
      );
      for (const score of scoreOf(fit(constant), [3, 3])) expect(Number.isFinite(score)).toBe(true);
      for (const score of scoreOf(fit(constant), [9, -9])) expect(Number.isFinite(score)).toBe(true);
      const one = (): unknown => scoreOf(fit(tableOf([[1, 2]])), [1, 2]);
      if (name === 'LogisticModel') expect(one).toThrow(expect.objectContaining({ code: 'bad_labels' }));
      else expect(one()).toEqual([expect.any(Number)]);
      if (name !== 'LogisticModel') expect(Number.isFinite((one() as number[])[0])).toBe(true);
    },
  );

  it.each<[string, number[], RegExp]>([
    ['no labels', [], /no labels to learn from/u],
    ['too few labels', [0, 1], /2 labels for 4 rows/u],
    ['one class', [1, 1, 1, 1], /same label|No row has the label 0/u],
    ['one class only', [0, 0, 0, 0], /All rows have the same label/u],
    ['labels from 1', [1, 2, 1, 2], /No row has the label 0/u],
    ['a class left out', [0, 2, 0, 2], /No row has the label 1/u],
    ['a label that is no class', [0, 1, -1, 0.5], /The label of row 2 is -1/u],
    ['a label that is NaN', [0, 1, NaN, 0], /The label of row 2 is NaN/u],
  ])('%s is refused', (_, labels, words) => {
    expect(() => LogisticModel.fit(table, labels)).toThrow(expect.objectContaining({ code: 'bad_labels' }));
    expect(() => LogisticModel.fit(table, labels)).toThrow(words);
  });

  it.each(fits)('%s is loaded as it was saved, and not when damaged or of another version', (name, fit) => {
    const classes = { IsolationForest, LeSiNN, Ecod, LogisticModel } as const;
    const load = (json: unknown): unknown => classes[name].fromJSON(json as never);
    const model = fit(table);
    const json = JSON.parse(JSON.stringify(model)) as Record<string, unknown>;
    expect(JSON.stringify(load(json))).toBe(JSON.stringify(model));
    expect(scoreOf(load(json) as typeof model, [2, 2])).toEqual(scoreOf(model, [2, 2]));
    const list = ['splits', 'points', 'columns', 'classifiers'].find((field) => Array.isArray(json[field])) as string;
    const damaged = [
      null,
      {},
      { ...json, [name === 'LogisticModel' ? 'name' : 'kind']: 'another' },
      { ...json, [list]: (json[list] as unknown[]).slice(1) },
      ...(name === 'LogisticModel' ? [{ ...json, scaling: null }] : [{ ...json, version: 2 }]),
    ];
    for (const one of damaged) expect(() => load(one)).toThrow(expect.objectContaining({ code: 'bad_model' }));
  });
});
