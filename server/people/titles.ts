import { nearestTitle } from '../../lib/settings';
import type { Person } from '../../lib/store';

/** Each column with the titles by which it is known, in lower case; the first is what we call it. */
export const TITLES = {
  email: ['e-mail', 'email', 'e-mail address', 'email address', 'user', 'account', 'contact', 'login'],
  name: ['name', 'full name', 'person', 'employee', 'employee name'],
  role: ['role', 'job title', 'position', 'job'],
  access_level: [
    'access level',
    'access_level',
    'access level 1-10',
    'access level (1-10)',
    'level',
    'access',
    'clearance',
  ],
  supervisor: ['supervisor', 'manager', 'reports to', 'supervisor e-mail', 'supervisor email'],
  department: ['department', 'dept', 'dept.', 'division', 'team'],
  last_review_at: [
    'last review',
    'last_review',
    'last_review_at',
    'last reviewed',
    'last access review',
    'review date',
    'reviewed',
  ],
  active: ['active', 'is active', 'enabled', 'status', 'active?'],
} as const satisfies Record<keyof Person, readonly string[]>;

export type Column = keyof typeof TITLES;
export const COLUMNS = Object.keys(TITLES) as readonly Column[];

/** What the columns are called, for a sentence. */
export const KNOWN = COLUMNS.map(nameOf).join(', ');

export function nameOf(column: Column): string {
  return TITLES[column][0];
}

/** The column that a title means, whatever its case and spaces; null: none. */
export function columnOf(title: string): Column | null {
  const tidy = title.trim().replace(/\s+/gu, ' ').toLowerCase();
  return COLUMNS.find((column) => (TITLES[column] as readonly string[]).includes(tidy)) ?? null;
}

/** Of titles that mean nothing to us, the one that was most likely meant for this column. */
export function likelyTitleOf(column: Column, titles: readonly string[]): string | null {
  const [named, ...others] = TITLES[column];
  // Short names are near to everything: only what a person would write out is compared.
  const spelled = [named, ...others.filter((each) => each.length > 6)];
  return spelled.map((each) => nearestTitle(each, titles)).find((near) => near !== null) ?? null;
}
