import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { type ModelStore, modelsOver, type StoredModel } from '../../lib/store';
import { modelInForce, withProblem } from '../../lib/runtime/models/champion-keeper';
import type { ListedModel } from '../../lib/runtime/models/desk';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { userName } from '../user-name';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface ModelsFlags {
  readonly reason?: string;
  readonly model?: string;
  readonly limit?: string;
  readonly despiteGates?: boolean;
  readonly dryRun?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

const HOME = ['--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)'] as const;
const JSON_LINE = ['--json', 'print one JSON line instead of sentences'] as const;
const DRY_RUN = ['--dry-run', 'say what would be done, and change nothing'] as const;
const REASON = ['--reason <text>', 'why, for the trail'] as const;

const MORE = `
Models come from the node Model Training, or from "billing-audit train --promote". Each act is an event of the trail.

Exit codes: 0 done, 1 its gates refused it, 2 misused, 3 could not be done.`;

/** `models`: which there are, and which is in force. */
export function addModels(program: Command): void {
  const models = program.command('models').description('The models of the trail, and which is in force.');
  models.addHelpText('after', MORE);
  models
    .command('list')
    .description('The newest models, what they learned from, and how their gates came out.')
    .option('--limit <n>', `how many at most, up to ${MOST_LISTED}`, '20')
    .option(...HOME)
    .option(...JSON_LINE)
    .action((flags: ModelsFlags) => guarded(() => withModels(flags, (store) => list(store, flags))));
  models
    .command('promote <version>')
    .description('Put a model in force that is kept.')
    .option(...REASON)
    .option('--despite-gates', 'also one whose gates failed; that weakens detection, and people are told')
    .option(...DRY_RUN)
    .option(...HOME)
    .option(...JSON_LINE)
    .addHelpText('after', MORE)
    .action((version: string, flags: ModelsFlags) =>
      guarded(() => withModels(flags, (store) => promote(store, versionOf('<version>', version), flags))),
    );
  models
    .command('rollback')
    .description('Take the model in force back; the one before it is in force again, or rule points alone.')
    .option(...REASON)
    .option('--model <version>', 'the model that is meant; refused when another is in force by now')
    .option(...DRY_RUN)
    .option(...HOME)
    .option(...JSON_LINE)
    .addHelpText('after', MORE)
    .action((flags: ModelsFlags) => guarded(() => withModels(flags, (store) => rollBack(store, flags))));
}

/** There is no model of this version, or none in force. */
class NoSuchModel extends BillingAuditError {
  readonly code = 'no_such_model';
  readonly hint = '"billing-audit models list" names those that there are.';
}

/** What the gates said of a model is not known here, so it is not put in force as if they had let it pass. */
class UnlistedModel extends BillingAuditError {
  readonly code = 'unlisted_model';
  readonly hint = 'Train again, or give --despite-gates to put it in force all the same, if it is still kept.';

  constructor(version: number) {
    const listed = `not among the newest ${MOST_LISTED} models`;
    super(`Model ${version} was not put in force: it is ${listed}, so what its gates said is not known.`, { version });
  }
}

async function withModels(flags: ModelsFlags, act: (store: ModelStore) => Promise<void>): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    await act(modelsOver(trail.driver));
  } finally {
    await trail.close();
  }
}

/** Whoever may run a command on the server's machine, with its keys, decides about models. */
function decider(reason: string | undefined): { readonly by: string; readonly role: string; readonly reason: string } {
  if (reason === undefined || reason.trim() === '') {
    throw new BadSetting('--reason', 'is missing', 'Say in a sentence why; it stands in the trail.');
  }
  return { by: `${userName()} (command line)`, role: 'admin', reason };
}

const MOST_LISTED = 50;

async function list(store: ModelStore, { limit = '20', json }: ModelsFlags): Promise<void> {
  const most = versionOf('--limit', limit);
  if (most > MOST_LISTED) throw new BadSetting('--limit', `is ${most}`, `Give ${MOST_LISTED} at most.`);
  const found = withProblem(await store.models(most), await modelInForce(store));
  if (json) print(JSON.stringify({ models: found }));
  else print(found.length === 0 ? 'There is no model yet.' : found.map(inWords).join('\n'));
}

async function promote(
  store: ModelStore,
  version: number,
  { reason, despiteGates = false, dryRun = false, json = false }: ModelsFlags,
): Promise<void> {
  const moved = decider(reason);
  const known = listed(await store.models(MOST_LISTED), version);
  if (!known && (dryRun || !despiteGates)) throw new UnlistedModel(version);
  const failed = failedGates(known);
  if (failed.length > 0 && !despiteGates) {
    const said = `Model ${version} was not put in force: ${failed.join(' ')}`;
    print(json ? JSON.stringify({ refused: failed, model: known }) : `${said}\n--despite-gates does it all the same.`);
    process.exitCode = EXIT.foundWrong;
    return;
  }
  if (dryRun) {
    if (!known?.is_kept) throw new NoSuchModel(`There is no model ${version} that is still kept.`, { version });
    print(json ? JSON.stringify({ model: known, dry_run: true }) : `Model ${version} would be put in force.`);
    return;
  }
  const [model] = withProblem([await store.promoteModel({ ...moved, version })], await modelInForce(store));
  print(json ? JSON.stringify({ model, dry_run: false }) : `Model ${version} is in force.${butUnusable(model)}`);
}

async function rollBack(
  store: ModelStore,
  { reason, model: meant, dryRun = false, json = false }: ModelsFlags,
): Promise<void> {
  const moved = decider(reason);
  const version = meant === undefined ? undefined : versionOf('--model', meant);
  if (dryRun) {
    const { model } = await store.champion(null);
    if (!model) throw new NoSuchModel('No model is in force, so none would be taken back.');
    print(
      json ? JSON.stringify({ before: model.version, dry_run: true }) : `Model ${model.version} would be taken back.`,
    );
    return;
  }
  const { before, model: put } = await store.rollBackModel({ ...moved, ...(version !== undefined && { version }) });
  const [model = null] = put ? withProblem([put], await modelInForce(store)) : [];
  const now = model ? `model ${model.version}` : 'no model';
  const said = `Model ${before} was taken back; ${now} is in force.${butUnusable(model)}`;
  print(json ? JSON.stringify({ before, model, dry_run: false }) : said);
}

/**
 * The row of a model.
 * @param models  the newest, at most so many as are listed
 * @returns undefined where it is older than all of them, so that nobody says here what its gates said
 * @throws NoSuchModel
 */
function listed(models: readonly StoredModel[], version: number): StoredModel | undefined {
  const known = models.find((each) => each.version === version);
  const oldest = models.length < MOST_LISTED ? 0 : (models.at(-1)?.version ?? 0);
  if (!known && version >= oldest) throw new NoSuchModel(`There is no model ${version}.`, { version });
  return known;
}

/** `risk` is no gate: it tells why a model leaves the risk score to rule points. */
function failedGates(model: StoredModel | undefined): readonly string[] {
  return (model?.gates ?? []).filter(({ name, passed }) => !passed && name !== 'risk').map(({ because }) => because);
}

/** What has to be said of the model in force where this version cannot use it. */
function butUnusable(model: ListedModel | null | undefined): string {
  return model?.problem === undefined ? '' : `\n${model.problem}\n"billing-audit train --promote" trains a new one.`;
}

function inWords(model: ListedModel): string {
  const { version, status, is_kept, data, trained_by, created_at, problem } = model;
  const kept = is_kept ? '' : ', no longer kept';
  const failed = [...failedGates(model), ...(problem === undefined ? [] : [problem])].map((said) => `\n    ${said}`);
  return `model ${version}, ${status}${kept}: of ${data.events} events, by ${trained_by} at ${created_at}${failed.join('')}`;
}

function versionOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new BadSetting(name, `is "${text.slice(0, 40)}"`, 'Give a whole number from 1.');
}
