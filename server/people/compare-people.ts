import { canonicalJson, sha256Hex } from '../../lib/hash';
import type { Directory, NewPeople, Person } from '../../lib/store';
import { COLUMNS, nameOf } from './titles';

/** What taking people would do to one of them. */
export interface PersonChange {
  readonly email: string;
  readonly what: 'added' | 'changed' | 'made inactive';
  readonly fields: readonly { readonly name: string; readonly before: string | null; readonly after: string | null }[];
}

export interface PeopleDifference {
  /** What would be taken. */
  readonly changes: readonly PersonChange[];
  /** What would not: nobody changes their own access. */
  readonly heldBack: readonly PersonChange[];
  /** The people to take, without what is held back. */
  readonly people: readonly Person[];
  /** Of all this, so that what is taken later is what was shown. */
  readonly fingerprint: string;
}

/**
 * Compares people with the directory. The line of whoever would take them is left as it is.
 * @param sheet  as for `takePeople`
 */
export function comparePeople(
  { people: known, mark }: Directory,
  given: readonly Person[],
  { by, sheet }: Pick<NewPeople, 'by' | 'sheet'>,
): PeopleDifference {
  const before = new Map(known.map((person) => [person.email, person]));
  const own = ownEmails(by, [...known, ...given]);
  const compared = given.map((person) => changeOf(before.get(person.email), person)).filter((each) => each !== null);
  const heldBack = compared.filter(({ email }) => own.has(email));
  const people = given.flatMap((person) => (own.has(person.email) ? asKnown(before.get(person.email)) : [person]));
  const named = new Set(given.map(({ email }) => email));
  const gone = known.filter(
    ({ email, active, from_sheet }) =>
      sheet !== null && active && from_sheet === sheet.sheet_id && !named.has(email) && !own.has(email),
  );
  const changes = [...compared.filter(({ email }) => !own.has(email)), ...gone.map(madeInactive)];
  return { changes, heldBack, people, fingerprint: sha256Hex(canonicalJson({ mark, people: people.map(plain) })) };
}

/** Whose line it is: an account may be named by e-mail or as a person is (as `billing_audit.is_same_person` has it). */
function ownEmails(by: string, people: readonly Person[]): ReadonlySet<string> {
  const own = by.trim().toLowerCase();
  const isOwn = ({ email, name }: Person): boolean => email === own || name?.trim().toLowerCase() === own;
  return new Set(people.filter(isOwn).map(({ email }) => email));
}

function changeOf(before: Person | undefined, after: Person): PersonChange | null {
  const fields = COLUMNS.filter((column) => column !== 'email')
    .map((column) => ({
      name: nameOf(column),
      before: before ? textOf(before[column]) : null,
      after: textOf(after[column]),
    }))
    .filter((field) => field.before !== field.after);
  if (before && fields.length === 0) return null;
  return { email: after.email, what: before ? 'changed' : 'added', fields };
}

function madeInactive({ email }: Person): PersonChange {
  return { email, what: 'made inactive', fields: [{ name: 'active', before: 'yes', after: 'no' }] };
}

function asKnown(person: Person | undefined): readonly Person[] {
  return person ? [plain(person)] : [];
}

/** Without what the directory knows beside it. */
function plain(person: Person): Person {
  return Object.fromEntries(COLUMNS.map((column) => [column, person[column]])) as unknown as Person;
}

function textOf(value: string | number | boolean | null): string | null {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value === null ? null : String(value);
}
