import { BadSetting } from '../lib/errors';
import { httpOverFetch } from '../lib/runtime/http-over-fetch';
import { readBackupSettings } from './backup';
import { isLoopback, type Configuration } from './configuration';
import { healthAt, RunsAlready, runningServer } from './running-server';

/**
 * Said before any port is tried: "the port is taken" would send people looking for another port, while they need none.
 * @throws RunsAlready  a server answers that has the home open
 */
export async function refuseSecond(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const running = runningServer(folder, environment);
  // The number of a process that was killed may be another program's by now: only one that answers counts.
  if (running === null || (await healthAt(running.address, httpOverFetch())) === null) return;
  throw new RunsAlready(folder, running);
}

/** What is told before anything listens. @throws BadSetting */
export function checkBefore({ host }: Configuration, environment: NodeJS.ProcessEnv, practising: boolean): void {
  if (practising) refuseStrangers(host);
  else readBackupSettings(environment);
}

/** @throws BadSetting  when practice would listen to others */
function refuseStrangers(host: string): void {
  if (isLoopback(host)) return;
  throw new BadSetting(
    'HOST',
    `is ${host}, but practice mode asks nobody who they are`,
    'Leave HOST at 127.0.0.1 to practise, or set SMARTSHEET_ACCESS_TOKEN.',
  );
}
