import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';
import { BadModel } from '../errors';

/** A model in the form that the npm package `ml-logistic-regression` saves and loads. */
export interface LibraryModel {
  readonly name: 'LogisticRegression';
  readonly numSteps: number;
  readonly learningRate: number;
  readonly numberClasses: number;
  readonly classifiers: readonly {
    readonly numSteps: number;
    readonly learningRate: number;
    readonly weights: number[][];
  }[];
}

/**
 * Weights by class, the bias last, in the library's form. The library codes a class as 0 against all others, so its
 * sigmoid is the probability of *not* being of the class: every weight changes its sign. Its `predict` takes the smallest,
 * which is right for softmax weights too.
 */
export function toLibraryModel(weightsByClass: readonly Float64Array[]): LibraryModel {
  return {
    name: 'LogisticRegression',
    // Not trained by the library's own steps.
    numSteps: 0,
    learningRate: 0,
    numberClasses: weightsByClass.length,
    classifiers: weightsByClass.map((weights) => ({
      numSteps: 0,
      learningRate: 0,
      weights: [Array.from(weights, (weight) => 0 - weight)],
    })),
  };
}

/** @throws BadModel  when it is not such a model, or its classifiers do not have `columns` finite weights and a bias */
export function fromLibraryModel(model: LibraryModel, columns: number): Float64Array[] {
  if (model?.name !== 'LogisticRegression') throw new BadModel('logistic model', `its name is ${String(model?.name)}`);
  if (!(model.numberClasses >= 2) || model.classifiers?.length !== model.numberClasses) {
    throw new BadModel('logistic model', 'it has not one classifier for each of at least two classes');
  }
  return model.classifiers.map(({ weights }, one) => {
    const row = weights?.[0];
    if (row?.length !== columns + 1 || !row.every((weight) => Number.isFinite(weight))) {
      throw new BadModel('logistic model', `class ${one} has not ${columns} finite weights and a bias`, { class: one });
    }
    return Float64Array.from(row, (weight) => 0 - weight);
  });
}

/** The classes that the library itself predicts for rows that end with their column of ones. */
export function predictWithLibrary(model: LibraryModel, rows: readonly (readonly number[])[]): number[] {
  // The library rewrites what it loads.
  const copy = JSON.parse(JSON.stringify(model)) as LibraryModel;
  return LogisticRegression.load(copy).predict(new Matrix(rows.map((row) => [...row])));
}
