import { BadSetting } from '../../lib/errors';
import { type TrainingReport } from '../../lib/runtime/models/desk';
import { modelsOver } from '../../lib/store';
import { commandRun, tellCommand } from '../access-log';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { settingsOfHome, trainOnTrail } from '../risk/trail-training';
import { userName } from '../user-name';
import { progressOf } from './open-evidence';
import { EXIT, loadDotEnv, print } from './run';

export interface PromoteFlags {
  readonly dryRun?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

/**
 * `train --promote`: a model of the trail, through the same gates as the node's. The exit code says whether it is in force,
 * or with --dry-run whether it would be.
 */
export async function trainAndPromote(
  { dryRun = false, home: folder, json = false }: PromoteFlags,
  { seed, most }: { readonly seed: number; readonly most: number },
): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    const progress = progressOf('events read', { json });
    const report = await trainOnTrail({
      store: modelsOver(trail.driver),
      settings: settingsOfHome(trail.home, trail.practice ? {} : process.env),
      ...{ seed, most, dryRun, by: `${userName()} (command line)`, onProgress: progress.tell },
    }).finally(progress.end);
    if (!dryRun && report.is_new) await record(trail, report);
    print(json ? JSON.stringify({ ...report, dry_run: dryRun, practice: trail.practice }) : inWords(report, dryRun));
    if (report.status !== 'champion') process.exitCode = EXIT.foundWrong;
  } finally {
    await trail.close();
  }
}

/** @throws BadSetting  naming the flag that belongs to training on files */
export function refuseFiles(flags: Readonly<Record<string, unknown>>): void {
  const file = ['events', 'model', 'context', 'labels'].find((name) => flags[name] !== undefined);
  if (file === undefined) return;
  throw new BadSetting(
    `--${file}`,
    'does not go with --promote',
    'A model in force learns from the trail itself, and is compared on it. Leave the files out, or leave --promote out.',
  );
}

async function record({ store }: Awaited<ReturnType<typeof openTrail>>, report: TrainingReport): Promise<void> {
  const { version, status } = report;
  const done = status === 'champion' ? `model ${version} is in force` : `model ${version} is ${status}`;
  await tellCommand(store, commandRun('train --promote', done, { model: version, status }, Date.now()));
}

function inWords(report: TrainingReport, dryRun: boolean): string {
  const { version, is_new, gates, data, seconds } = report;
  const learned = `${data.events} events from ${data.from} to ${data.to}, ${data.labelled} of them called a finding, in ${seconds} s`;
  return [
    `${is_new ? `Model ${version}` : `Model ${version}, which is kept already,`} learned from ${learned}.`,
    ...gates.map(({ passed, because }) => `  ${passed ? 'passed' : 'failed'}  ${because}`),
    dryRun && is_new ? prospect(report) : outcome(report),
  ].join('\n');
}

function prospect({ status }: TrainingReport): string {
  const would = status === 'refused' ? 'It would be refused' : 'It would be put in force';
  return `${would}. Nothing was kept: leave --dry-run out to do it.`;
}

/** What a model is, whether it was kept just now or before. A training puts no model in force that is kept already. */
function outcome({ version, status, is_new, is_kept }: TrainingReport): string {
  if (status === 'champion') return `Model ${version} is in force.`;
  if (is_new && status === 'refused') return `Model ${version} was refused, and the model before stays in force.`;
  const now = `Model ${version} is ${status} and not put in force again by a training`;
  if (!is_kept) return `${now}; it can no longer be: train on other data, or with another --seed.`;
  const despite = status === 'refused' ? ' --despite-gates' : '';
  return `${now}: "billing-audit models promote ${version} --reason ...${despite}" does it.`;
}
