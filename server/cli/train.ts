import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { completeSettings } from '../../lib/settings';
import { train } from '../risk/train';
import { progressOf } from './open-evidence';
import { guarded, loadDotEnv, print } from './run';

interface TrainFlags {
  readonly events: string;
  readonly model: string;
  readonly context?: string;
  readonly labels?: string;
  readonly seed: string;
  readonly most: string;
}

const MORE = `
Events are JSON lines in the order of time. Labels are JSON lines {"event_key", "label": 0 or 1, "incident", "category"};
without them only the anomaly is learned. Prints one JSON object: what was learned from, and how well it does on the newest
fifth of the events, which it was not trained on. The same files and seed give the same model, byte for byte.

Exit codes: 0 done, 2 misused, 3 could not be done.`;

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('Learn from audit events what is ordinary, and from reviewed ones what is a finding.')
    .requiredOption('--events <file>', 'audit events as JSON lines; - is standard input')
    .requiredOption('--model <file>', 'where the model is written')
    .option('--context <file>', 'people, rows and prices as JSON lines')
    .option('--labels <file>', 'what reviewers said, as JSON lines')
    .option('--seed <number>', 'where chance begins', '0')
    .option('--most <events>', 'learn from the newest so many events', '300000')
    .addHelpText('after', MORE)
    .action((flags: TrainFlags) => guarded(() => runTrain(flags)));
}

async function runTrain(flags: TrainFlags): Promise<void> {
  loadDotEnv();
  const began = performance.now();
  const progress = progressOf('events read', {});
  const { engine, report } = await train({
    events: flags.events,
    ...(flags.context !== undefined && { context: flags.context }),
    ...(flags.labels !== undefined && { labels: flags.labels }),
    settings: completeSettings({ node: {}, shared: {}, environment: process.env }),
    seed: wholeNumber('--seed', flags.seed, 0),
    most: wholeNumber('--most', flags.most, 50),
    onProgress: progress.tell,
  });
  progress.end();
  await writeFile(flags.model, JSON.stringify(engine));
  const seconds = Math.round(performance.now() - began) / 1000;
  print(JSON.stringify({ model: flags.model, bytes: statSync(flags.model).size, seconds, ...report }));
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BadSetting(name, `is "${text}"`, `Give a whole number from ${least}.`);
}
