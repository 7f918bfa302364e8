export { median, stormWeeks } from './storms';
export { changesOutside, type HoursOfDay, usualHours } from './usual-hours';
