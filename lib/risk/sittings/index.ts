/** Sittings and the promise about them; pure, and without the models. */
export { CALIBRATION_DAYS, PromiseKeeper } from './promise';
export { IDLE_MINUTES, type ScoredMoment, type Sitting, SittingBook } from './sittings';
