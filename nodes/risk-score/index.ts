export { riskScore } from './definition';
export { DOCUMENTED_WEIGHTS } from './factors';
export { pointsOf } from './score';
