export { billingSettings } from './definition';
