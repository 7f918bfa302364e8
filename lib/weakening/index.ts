export { changesOf, weakenings } from './changes';
export type { Configuration, ConfigurationChange, ConfiguredNode } from './configuration';
export { eventOf, OUR_OWN_NAME, OUR_OWN_SHEET } from './event';
export { recordConfiguration, type Deployed } from './record';
export { variablesIn, WATCHED_VARIABLES } from './variables';
