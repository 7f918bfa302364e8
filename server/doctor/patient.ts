import type { Http, Now, Random, Sleep } from '../../lib/ports';
import type { StoreCounts } from '../../lib/store';
import type { Configuration } from '../configuration';
import { homeInUse, type HomeInUse } from '../home-in-use';
import { healthAt, runningServer, type HealthAnswer, type RunningServer } from '../running-server';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DoctorOptions {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** The `.env` that was read. */
  readonly envPath: string;
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  /** Opens the store of a home, or the one that the environment names, looks, and closes it again. */
  readonly lookIntoStore: (home: string, environment: Environment) => Promise<StoreCounts>;
}

/** All that the checks look at; taken once. */
export interface Patient extends DoctorOptions, HomeInUse {
  readonly running: RunningServer | null;
  /** Null: nothing of ours answers. */
  readonly health: HealthAnswer | null;
}

export async function examine(options: DoctorOptions): Promise<Patient> {
  const inUse = homeInUse(options.configuration);
  const running = runningServer(inUse.folder, options.environment);
  const health = running === null ? null : await healthAt(running.address, options.http);
  return { ...options, ...inUse, running, health };
}

export function settingOf({ environment }: Pick<Patient, 'environment'>, name: string): string {
  return environment[name]?.trim() ?? '';
}
