export { auditMetrics } from './definition';
