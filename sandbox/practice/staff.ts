export type Role = 'foreman' | 'clerk' | 'supervisor' | 'admin' | 'former foreman';

export interface Person {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** The areas a person works in: places in `AREAS`. */
  readonly areas: readonly number[];
}

/** One sheet for each area. */
export const AREAS = ['Billing - North district', 'Billing - River valley', 'Billing - Coast'] as const;

/** Everybody who works in the practice office. The account of the former foreman was never closed. */
export const STAFF: readonly Person[] = [
  person('Luis Ortega', 'foreman', 0),
  person('Dana Whitfield', 'foreman', 0, 1),
  person('Marcus Bell', 'foreman', 1),
  person('Renee Dubois', 'foreman', 2),
  person('Tom Kowalski', 'foreman', 2),
  person('Amy Chen', 'clerk', 0, 1),
  person('Priya Nair', 'clerk', 1, 2),
  person('George Holt', 'clerk', 0, 2),
  person('Helen Brandt', 'supervisor', 0, 1, 2),
  person('Sam Okafor', 'admin', 0, 1, 2),
  person('Walt Jensen', 'former foreman', 0),
];

export function staffOf(...roles: readonly Role[]): readonly Person[] {
  return STAFF.filter(({ role }) => roles.includes(role));
}

function person(name: string, role: Role, ...areas: number[]): Person {
  return { name, role, areas, email: `${name.toLowerCase().replace(' ', '.')}@example.com` };
}
