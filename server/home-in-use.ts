import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from './configuration';

export interface HomeInUse {
  /** Of practice, its own folder inside the home. */
  readonly folder: string;
  readonly practice: boolean;
  /** The home has watched real sheets before. */
  readonly hadToken: boolean;
}

/** The home that a start would open. Looks only; nothing is made. */
export function homeInUse({ home, smartsheetToken }: Pick<Configuration, 'home' | 'smartsheetToken'>): HomeInUse {
  const hadToken = existsSync(join(home, 'keys', 'had-token'));
  const practice = smartsheetToken === null && !hadToken;
  return { folder: practice ? join(home, 'sandbox') : home, practice, hadToken };
}
