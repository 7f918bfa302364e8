export { accessLog } from './definition';
