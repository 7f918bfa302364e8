import { receive, type BegunBy, type Emit, type Params, type Status, type Stop } from '../../lib/define';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import type { Ports } from '../../lib/ports';
import type { ListedModel, ModelDesk, TrainingPlan, TrainingReport } from '../../lib/runtime/models/desk';
import type { modelTrainingFields } from './fields';
import { type model, type models, promotion, rollBack } from './wires';

export type Given = Emit<{ model: typeof model; models: typeof models }>;
type Asked = Params<typeof modelTrainingFields>;
type Lent = Pick<Ports, 'models' | 'settings'>;

/** How many models a list gives. */
const LISTED = 20;

/** Models live on a server of ours. */
export class NoModels extends BillingAuditError {
  readonly code = 'no_models';
  readonly hint = 'Start a Billing Audit server on the same store (npx billing-audit start), and use the node there.';

  constructor() {
    super('No Billing Audit server stands behind this store, so there is nothing to train with.');
  }
}

/**
 * Trains a model, lists the models, or moves one, as the node's operation says.
 * @throws TrainingFailed    there is too little to learn from
 * @throws WrongMessageType  the message names no model that could be put in force
 * @throws StoreRefused      who asks is no administrator (BA005), there is no such model (BA006), or another is in force by
 *                           now than the one to be taken back (BA017)
 */
export async function trainModel(input: unknown, params: Asked, { models: desk, settings }: Lent): Promise<Given> {
  const { by, role } = params;
  switch (params.operation) {
    case 'train': {
      const asked = by ? `asked by ${by}` : 'asked';
      const asker = params.administratorOnly ? { by, role } : undefined;
      const order = { ...planOf(params), by: `Model Training (${asked})` };
      return { model: inWire(await given(desk).train(order, asker)) };
    }
    case 'list':
      return { models: await listed(given(desk), settings) };
    case 'promote': {
      const { version, reason } = receive(promotion, input);
      const now = await given(desk).promote({ version, reason, by, role });
      const moved = `${by} put model ${version} in force${butUnusable(now)}.`;
      return { models: { ...(await listed(given(desk), settings)), moved } };
    }
    case 'roll_back': {
      const { version, reason } = receive(rollBack, input);
      const meant = { reason, by, role, ...(version !== undefined && { version }) };
      const { before, model: now } = await given(desk).rollBack(meant);
      const moved = `${by} took model ${before} back; ${now ? `model ${now.version}` : 'no model'} is in force${butUnusable(now)}.`;
      return { models: { ...(await listed(given(desk), settings)), moved } };
    }
  }
}

/** What has to be said of a model that came to be in force and cannot be used; why stands with the model. */
function butUnusable(now: ListedModel | null): string {
  return now?.problem === undefined ? '' : ', but this version cannot use it: train a new one';
}

function given(desk: ModelDesk | undefined): ModelDesk {
  if (desk) return desk;
  throw new NoModels();
}

/** Trains by itself, as the fields say, and gives each model that came of it. */
export function attendTraining(
  params: Asked,
  { models: desk }: Pick<Lent, 'models'>,
  host?: BegunBy<{ model: typeof model; models: typeof models }>,
): Promise<Stop> {
  if (params.operation !== 'train' || !desk) return Promise.resolve(() => Promise.resolve());
  const trained = (report: TrainingReport): void => {
    host?.send({ model: inWire(report) });
    host?.show(statusOf(report));
  };
  return Promise.resolve(desk.attend(planOf(params), { trained, show: (status) => host?.show(status) }));
}

/** @throws BadSetting  for a field that cannot be used */
function planOf({ everyDays, afterLabels, onDrift, promote, seed, most }: Asked): TrainingPlan {
  return {
    ...{ onDrift, promote, by: 'Model Training' },
    everyDays: whole('Again after', everyDays, 7, 0),
    afterLabels: whole('Or after', afterLabels, 20, 0),
    seed: whole('Seed', seed, 0, 0),
    most: whole('Learn from', most, 100_000, 50),
  };
}

function whole(field: string, given: number | null, usual: number, least: number): number {
  const value = given ?? usual;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BadSetting(field, `is ${String(given)}`, `Give a whole number from ${least}.`);
}

type OnWire = Exclude<Given['model'], undefined | readonly unknown[]>;

/** The same with lists that may be written to, as a wire has them. */
function inWire({ gates, metrics, ...rest }: Omit<TrainingReport, 'is_new' | 'seconds'>): OnWire {
  return { ...rest, gates: [...gates], metrics: { ...metrics } };
}

async function listed(
  desk: ModelDesk,
  { timeZone }: Lent['settings'],
): Promise<{ models: OnWire[]; time_zone: string }> {
  return { models: (await desk.models(LISTED)).map(inWire), time_zone: timeZone };
}

/** What came of it, in a few words. */
export function trainingStatus({ model: trained, models: list }: Given): Status {
  const [report] = trained === undefined ? [] : [trained].flat();
  if (report) return statusOf(report);
  const [shown] = list === undefined ? [] : [list].flat();
  const champion = shown?.models.find(({ status }) => status === 'champion');
  if (champion?.problem !== undefined) {
    return { state: 'warning', text: `model ${champion.version} in force, but it cannot be used` };
  }
  return { state: 'ok', text: champion ? `model ${champion.version} in force` : 'no model in force' };
}

function statusOf({ version, status, gates }: Pick<TrainingReport, 'version' | 'status' | 'gates'>): Status {
  if (status === 'champion') return { state: 'ok', text: `model ${version} in force` };
  if (status !== 'refused') return { state: 'waiting', text: `model ${version}: ${status}` };
  const failed = gates.filter(({ passed }) => !passed).map(({ name }) => name);
  return { state: 'warning', text: `model ${version} refused: ${failed.join(', ')}`.slice(0, 60) };
}
