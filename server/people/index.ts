export * from './compare-people';
export * from './errors';
export { readPeople, type PeopleInFile } from './read-people';
export { readPeopleSheet, type PeopleInSheet } from './read-people-sheet';
export { sheetOfPeople, type SheetReader } from './sheet-of-people';
export type { PeopleReading } from './person-of';
