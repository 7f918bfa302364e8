export { smartsheetTrigger } from './definition';
