/** The package carries no types; these are those parts of version 2 that are used. */
declare module 'ml-logistic-regression' {
  import type { Matrix } from 'ml-matrix';

  interface ClassifierJson {
    readonly numSteps: number;
    readonly learningRate: number;
    readonly weights: readonly (readonly number[])[];
  }

  interface LogisticRegressionJson {
    readonly name: 'LogisticRegression';
    readonly numSteps: number;
    readonly learningRate: number;
    readonly numberClasses: number;
    readonly classifiers: readonly ClassifierJson[];
  }

  class LogisticRegression {
    /** Rewrites the object that it is given: hand it a copy. */
    static load(model: LogisticRegressionJson): LogisticRegression;
    predict(rows: Matrix): number[];
    toJSON(): LogisticRegressionJson;
  }

  export default LogisticRegression;
}
