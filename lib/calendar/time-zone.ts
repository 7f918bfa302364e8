import { IANAZone } from 'luxon';
import { BadSetting } from '../errors';

/**
 * @returns the name as given
 * @throws BadSetting  when no such zone is known
 */
export function checkedTimeZone(name: string, field = 'Time zone'): string {
  if (IANAZone.isValidZone(name)) return name;
  throw new BadSetting(field, `is "${name}", which is not a time zone`, 'Give an IANA name such as America/Chicago.');
}
