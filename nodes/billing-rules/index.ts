export { billingRules } from './definition';
export { exampleChange, exampleEvent } from './example';
export { rulesText } from './rules';
