import { BadSetting } from '../../lib/errors';
import { completeSettings } from '../../lib/settings';
import { wrong, type Line } from './line';
import type { Patient } from './patient';

/** Variables of rules that cannot be read: each node would say so only when a change comes. Nothing where all is well. */
export function checkSettings({ environment }: Pick<Patient, 'environment'>): readonly Line[] {
  // The time zone has its say with the clock.
  const { BUSINESS_TIME_ZONE: _zone, ...others } = environment;
  try {
    completeSettings({ environment: others });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof BadSetting)) throw thrown;
    return [wrong('settings', thrown.message, thrown.hint)];
  }
}
