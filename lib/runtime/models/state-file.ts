import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../errors';
import { canonicalJson, sha256Hex } from '../../hash';
import { BadModel, TrailFold } from '../../risk';
import type { BillingSettings } from '../../settings';

/** The state of the features up to a position of the trail. */
export interface KeptState {
  readonly fold: TrailFold;
  readonly position: number;
}

const OWNER_ONLY_FILE = 0o600;

/** What a state was made with: with other settings the same events give other figures. */
function settingsHash(settings: BillingSettings): string {
  return sha256Hex(canonicalJson(settings));
}

/** The whole file is there, or the one before it. It holds names and values of cells: for the owner alone. */
export function writeState(file: string, settings: BillingSettings, { fold, position }: KeptState): void {
  const text = JSON.stringify({
    kind: 'risk-state',
    version: 1,
    settings: settingsHash(settings),
    position,
    ...fold.toJSON(),
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: OWNER_ONLY_FILE });
  renameSync(`${file}.new`, file);
}

/**
 * @returns null where there is none, or it was made with other settings: then the trail tells it again
 * @throws BadModel  when it is damaged, or of another version
 */
export function readState(file: string, settings: BillingSettings): KeptState | null {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new BadModel('risk state', `${file} cannot be read (${messageOf(thrown)})`, { file });
  }
  if (json?.['kind'] !== 'risk-state' || json['version'] !== 1 || !Number.isSafeInteger(json['position'])) {
    throw new BadModel('risk state', `${file} is of another version`, { file });
  }
  if (json['settings'] !== settingsHash(settings)) return null;
  return { fold: TrailFold.load(settings, json), position: json['position'] as number };
}

/** For an erasure: what was erased must not live on here. */
export function removeState(file: string): void {
  rmSync(file, { force: true });
  rmSync(`${file}.new`, { force: true });
}
