/**
 * Detectors of what is strange and a trainer for labelled rows, for programs of others: `billing-audit/risk`.
 *
 * All work on a table of finite numbers (`tableOf`, `checkedTable`), give the same model for the same rows and seed, are
 * saved by `toJSON` and loaded by `fromJSON`, and throw one of three errors: `BadNumbers` (what was given cannot be
 * learned from or judged), `BadLabels` (labels are not classes 0..K-1), `BadModel` (a saved model is damaged, or of
 * another version). Each has `code`, `message`, `hint` and `context`.
 */
export { Ecod, type EcodJson, type Tail } from './detectors/ecod';
export { IsolationForest, type IsolationForestJson, type IsolationForestOptions } from './detectors/isolation-forest';
export { LeSiNN, type LeSiNNJson, type LeSiNNOptions } from './detectors/lesinn';
export { BadLabels, BadModel, BadNumbers } from './errors';
export { LogisticModel, type LogisticModelJson, type LogisticModelOptions } from './logistic/logistic-model';
export { areaUnderCurve, averagePrecision } from './measures/ranking';
export { checkedTable, type Table, tableOf } from './table';
