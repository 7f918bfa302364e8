import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadSetting } from '../../lib/errors';
import { readConfiguration } from '../configuration';
import {
  bundleFilesAt,
  neverWatchedInWords,
  neverWatchedOf,
  openTrail,
  writeEvidence,
  type EvidenceResult,
} from '../export';
import { openEvidence, progressOf } from './open-evidence';
import { isDay } from './instant';
import { sheetIdOf } from './sheet-id';
import { EXIT, loadDotEnv, print } from './run';

export interface EvidenceFlags {
  readonly evidence: string;
  readonly from?: string;
  readonly to?: string;
  readonly sheet?: readonly string[];
  readonly home?: string;
  readonly json?: boolean;
}

/** `export --evidence`: everything, or what was recorded in a time, of some sheets. */
export async function runEvidence(flags: EvidenceFlags): Promise<void> {
  loadDotEnv();
  const order = {
    from: flags.from === undefined ? null : dayBegins('--from', flags.from, 0),
    to: flags.to === undefined ? null : dayBegins('--to', flags.to, 1),
    sheets: flags.sheet ?? [],
  };
  if (order.from !== null && order.to !== null && order.from >= order.to) {
    throw new BadSetting('--to', `is "${flags.to}", which is before --from`, 'Give the later day as --to.');
  }
  order.sheets.forEach(sheetIdOf);
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const evidence = await openEvidence(home);
  try {
    const neverWatched = await neverWatchedOf(order.sheets, evidence.store);
    const files = bundleFilesAt(flags.evidence, Date.now());
    const progress = progressOf('events', flags);
    const result = await writeEvidence(order, {
      ...evidence,
      files,
      inForce: (hashes) => evidence.store.inForce(hashes),
      keys: evidence.keys.trusted(),
      verifier: readFileSync(join(__dirname, 'verify.py'), 'utf8'),
      now: Date.now,
      onProgress: progress.tell,
    }).catch((thrown: unknown) => {
      files.abandon();
      throw thrown;
    });
    progress.end();
    const { unreadable, practice } = evidence;
    const more = { place: flags.evidence, unreadable, practice, never_watched: neverWatched };
    if (flags.json) print(JSON.stringify({ ...result, ...more }));
    else print([...inWords(result, flags.evidence, unreadable), ...neverWatched.map(neverWatchedInWords)].join('\n'));
  } finally {
    await evidence.close();
  }
}

/** `export --in-force`: the rules, the flow or the model that a hash of an event stands for. */
export async function showInForce(
  hash: string,
  { home: folder, json }: Omit<EvidenceFlags, 'evidence'>,
): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    const hint = 'Copy it from rules_hash, model_version or flow_version of an event: 64 characters.';
    throw new BadSetting('--in-force', `is "${hash.slice(0, 80)}", which is no SHA-256`, hint);
  }
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    const [found] = await trail.store.inForce([hash]);
    const altered = found !== undefined && createHash('sha256').update(found.text).digest('hex') !== hash;
    if (json) print(JSON.stringify({ found: found ?? null, altered }));
    else {
      print(found ? `${found.kind}, first used ${found.first_used_at}:\n${found.text}` : `Nothing is kept by ${hash}.`);
      if (altered) print('WRONG  This text was altered: it has another SHA-256 than the events name.');
    }
    process.exitCode = found && !altered ? EXIT.done : EXIT.foundWrong;
  } finally {
    await trail.close();
  }
}

function inWords(result: EvidenceResult, place: string, unreadable: readonly string[]): readonly string[] {
  const { events, unsealed, checkpoints, anchors } = result;
  return [
    `${events} events (${unsealed} not yet sealed), ${checkpoints} checkpoints, ${anchors} of anchors: ${place}`,
    ...(events === 0 ? ['It holds no event: nothing of what was asked for is in the trail.'] : []),
    ...unreadable.map((why) => `Not in it: ${why}`),
    'Its README.md explains it; "python3 verify.py" in it checks it.',
  ];
}

/** Days of recording, in UTC: evidence must not depend on a setting. */
function dayBegins(flag: string, text: string, daysLater: number): string {
  if (!isDay(text)) throw new BadSetting(flag, `is "${text}", which is no day`, 'Write it like 2026-01-31.');
  return new Date(Date.parse(`${text}T00:00:00.000Z`) + daysLater * 86_400_000).toISOString();
}
