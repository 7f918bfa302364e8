/** What pages of other parts of the server are made of, so that they look and are guarded like those of sign-in. */
export { html, type Html } from './html';
export { messageLine, pageHeaders, sheet, tokenField, type Message } from './page';
export { nothingHere } from './nothing-here';
export { timeOfDay } from './time-words';
