import { IANAZone } from 'luxon';
import { BadSetting } from '../errors';

/** Asking the platform costs more than judging a change, and few zones are ever in use. */
const KEPT = 50;
const known = new Set<string>();

/**
 * @returns the name as given
 * @throws BadSetting  when no such zone is known
 */
export function checkedTimeZone(name: string, field = 'Time zone'): string {
  if (known.has(name)) return name;
  if (!IANAZone.isValidZone(name)) {
    throw new BadSetting(field, `is "${name}", which is not a time zone`, 'Give an IANA name such as America/Chicago.');
  }
  if (known.size >= KEPT) known.clear();
  known.add(name);
  return name;
}
