import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { completeSettings } from '../../lib/settings';
import { train } from '../risk/train';
import { progressOf } from './open-evidence';
import { type PromoteFlags, refuseFiles, trainAndPromote } from './promote';
import { guarded, loadDotEnv, print } from './run';

interface TrainFlags extends PromoteFlags {
  readonly events?: string;
  readonly model?: string;
  readonly promote?: boolean;
  readonly context?: string;
  readonly labels?: string;
  readonly seed: string;
  readonly most?: string;
}

const MORE = `
Events are JSON lines in the order of time. Labels are JSON lines {"event_key", "label": 0 or 1, "incident", "category"};
without them only the anomaly is learned. Prints one JSON object: what was learned from, and how well it does on the newest
fifth of the events, which it was not trained on. The same files and seed give the same model, byte for byte.

With --promote it learns from the trail of a home in place of files, as the node Model Training does: with what reviewers said,
compared with the model in force on the newest changes. One that passes its gates is put in force at once, another is kept as
refused; the trail says either. A model that is kept already stays what it is. --dry-run keeps nothing.

Exit codes: 0 done (with --promote: the model is in force), 1 its gates refused it or it is kept already and not in force, 2 misused, 3 could not be done.`;

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('Learn from audit events what is ordinary, and from reviewed ones what is a finding.')
    .option('--events <file>', 'audit events as JSON lines; - is standard input')
    .option('--model <file>', 'where the model is written')
    .option('--context <file>', 'people, rows and prices as JSON lines')
    .option('--labels <file>', 'what reviewers said, as JSON lines')
    .option('--seed <number>', 'where chance begins', '0')
    .option('--most <events>', 'learn from the newest so many events (300000; with --promote 100000)')
    .option('--promote', 'learn from the trail, and put the model in force when it passes its gates')
    .option('--dry-run', 'with --promote: say how it would come out, and keep nothing')
    .option('--home <folder>', 'with --promote: folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line; without --promote it always does')
    .addHelpText('after', MORE)
    .action((flags: TrainFlags) => guarded(() => runTrain(flags)));
}

async function runTrain(flags: TrainFlags): Promise<void> {
  if (flags.promote) {
    refuseFiles({ ...flags });
    return trainAndPromote(flags, { seed: seedOf(flags), most: mostOf(flags, MOST_OF_TRAIL) });
  }
  return trainOnFiles({ ...flags, events: needed('events', flags.events), model: needed('model', flags.model) });
}

async function trainOnFiles(flags: TrainFlags & { readonly events: string; readonly model: string }): Promise<void> {
  if (flags.dryRun) throw new BadSetting('--dry-run', 'goes with --promote alone', 'Leave it out, or give --promote.');
  loadDotEnv();
  const began = performance.now();
  const progress = progressOf('events read', {});
  const { engine, report } = await train({
    events: flags.events,
    ...(flags.context !== undefined && { context: flags.context }),
    ...(flags.labels !== undefined && { labels: flags.labels }),
    settings: completeSettings({ node: {}, shared: {}, environment: process.env }),
    seed: seedOf(flags),
    most: mostOf(flags, MOST_OF_FILES),
    onProgress: progress.tell,
  });
  progress.end();
  await writeFile(flags.model, JSON.stringify(engine));
  const seconds = Math.round(performance.now() - began) / 1000;
  print(JSON.stringify({ model: flags.model, bytes: statSync(flags.model).size, seconds, ...report }));
}

/** The node's own measure. */
const MOST_OF_TRAIL = '100000';
const MOST_OF_FILES = '300000';

function seedOf({ seed }: TrainFlags): number {
  return wholeNumber('--seed', seed, 0);
}

function mostOf({ most }: TrainFlags, usual: string): number {
  return wholeNumber('--most', most ?? usual, 50);
}

function needed(name: 'events' | 'model', given: string | undefined): string {
  if (given !== undefined) return given;
  throw new BadSetting(
    `--${name}`,
    'is missing',
    'Name the file, or give --promote to learn from the trail of a home.',
  );
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BadSetting(name, `is "${text}"`, `Give a whole number from ${least}.`);
}
