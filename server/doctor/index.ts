import { checkAlerts } from './check-alerts';
import { checkBackup, checkEvidence } from './check-evidence';
import { checkClock, checkDisk, checkPermissions } from './check-machine';
import { checkSettings } from './check-settings';
import { checkDashboard, checkDatabase, checkServer } from './check-server';
import { checkModel, checkWatch } from './check-watch';
import { checkSmartsheet } from './check-smartsheet';
import type { Line } from './line';
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
    ...checkSettings(patient),
    ...checkWatch(patient),
    ...(await checkDatabase(patient)),
    checkPermissions(patient),
    ...(await checkSmartsheet(patient)),
    await checkDashboard(patient),
    await checkAlerts(patient),
    checkEvidence(patient),
    checkModel(patient),
    checkBackup(patient),
    await checkClock(patient),
    checkDisk(patient),
  ];
}
