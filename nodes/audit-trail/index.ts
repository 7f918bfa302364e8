export { auditTrail } from './definition';
