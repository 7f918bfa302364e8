import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { Command } from 'commander';
import { messageOf } from '../../lib/errors';
import {
  BadModel,
  RiskEngine,
  type RiskEngineJson,
  RiskScorer,
  RiskState,
  type ContextLine,
  type EventLine,
} from '../../lib/risk';
import { type BillingSettings, completeSettings } from '../../lib/settings';
import { jsonLines } from '../risk/lines';
import { contextOf, eventOf } from '../risk/read-lines';
import { RuleScorer } from '../risk/score-by-rules';
import { progressOf } from './open-evidence';
import { guarded, loadDotEnv } from './run';

interface ScoreFlags {
  readonly events: string;
  readonly model?: string;
  readonly context?: string;
}

/** What both ways of scoring have in common. */
interface Scorer {
  learn(line: ContextLine): void;
  score(line: EventLine): object;
}

const MORE = `
Prints one JSON line for each input line, in the same order: the input with risk_score, anomaly_score, predicted_category and
reasons. Without a model risk_score is the documented rule points over 100. Events must come in the order of time; what the
scorer knows of a person it learns from the context and from the lines before.

Exit codes: 0 done, 2 misused, 3 could not be done.`;

export function addScore(program: Command): void {
  program
    .command('score')
    .description('Say of each audit event how risky and how strange it is, and why.')
    .requiredOption('--events <file>', 'audit events as JSON lines; - is standard input')
    .option('--model <file>', 'a model that `billing-audit train` wrote')
    .option('--context <file>', 'people, rows and prices as JSON lines')
    .addHelpText('after', MORE)
    .action((flags: ScoreFlags) => guarded(() => runScore(flags)));
}

async function runScore(flags: ScoreFlags): Promise<void> {
  loadDotEnv();
  const settings = completeSettings({ node: {}, shared: {}, environment: process.env });
  const scorer = await scorerOf(flags.model, settings);
  if (flags.context !== undefined) {
    for await (const { value, line } of jsonLines(flags.context)) scorer.learn(contextOf(value, flags.context, line));
  }
  const progress = progressOf('events scored', {});
  for await (const { value, line } of jsonLines(flags.events)) {
    const scored = { ...value, ...scorer.score(eventOf(value, flags.events, line)) };
    if (!process.stdout.write(`${JSON.stringify(scored)}\n`)) await once(process.stdout, 'drain');
    progress.tell(line);
  }
  progress.end();
}

async function scorerOf(model: string | undefined, settings: BillingSettings): Promise<Scorer> {
  if (model === undefined) return new RuleScorer(settings);
  let json: RiskEngineJson;
  try {
    json = JSON.parse(await readFile(model, 'utf8')) as RiskEngineJson;
  } catch (thrown) {
    throw new BadModel('risk engine', `${model} cannot be read (${messageOf(thrown)})`, { model });
  }
  return new RiskScorer(RiskEngine.fromJSON(json), new RiskState(), settings);
}
