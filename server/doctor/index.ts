import { checkAlerts } from './check-alerts';
import { checkBackup, checkEvidence } from './check-evidence';
import { checkClock, checkDisk, checkPermissions } from './check-machine';
import { checkDashboard, checkDatabase, checkServer } from './check-server';
import { checkSmartsheet } from './check-smartsheet';
import { off, type Line } from './line';
import { examine, type DoctorOptions } from './patient';

export type { Line } from './line';
export type { DoctorOptions } from './patient';

/**
 * Looks at every part of an installation; changes nothing, but for bringing an unused store to this program's form.
 * @returns one line for each part, in the order in which people read them
 */
export async function diagnose(options: DoctorOptions): Promise<readonly Line[]> {
  const patient = await examine(options);
  return [
    checkServer(patient),
    await checkDatabase(patient),
    checkPermissions(patient),
    ...(await checkSmartsheet(patient)),
    await checkDashboard(patient),
    await checkAlerts(patient),
    checkEvidence(patient),
    off('models', 'Scores are rule points. A model can be tried with "billing-audit train" and "billing-audit score".'),
    checkBackup(patient),
    await checkClock(patient),
    checkDisk(patient),
  ];
}
