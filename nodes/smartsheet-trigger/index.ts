export { smartsheetTrigger } from './definition';
export { workspacesIn } from './watch';
