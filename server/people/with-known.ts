import type { Person } from '../../lib/store';
import type { Column } from './titles';

/** Who is not known is, where nobody says. */
const NOBODY: Person = {
  email: '',
  name: null,
  role: null,
  access_level: null,
  supervisor: null,
  department: null,
  last_review_at: null,
  active: true,
};

/** Of columns that a file or sheet does not have, what the directory knows stays. */
export function withKnown(
  people: readonly Person[],
  known: readonly Person[],
  absent: readonly Column[],
): readonly Person[] {
  const before = new Map(known.map((person) => [person.email, person]));
  return people.map((person) => {
    const stays = before.get(person.email) ?? NOBODY;
    return { ...person, ...Object.fromEntries(absent.map((column) => [column, stays[column]])), email: person.email };
  });
}
