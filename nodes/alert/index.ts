export { alertNode } from './definition';
