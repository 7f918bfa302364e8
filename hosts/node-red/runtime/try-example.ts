import type { Node } from 'node-red';
import { receive, type ActionDefinition } from '../../../lib/define';
import type { Ports } from '../../../lib/ports';
import { describeError } from './errors';
import type { House } from './house';
import { completeParams, type SavedFields, withEnvironment } from './params';
import { NotWhileTrying, practiceStore } from './practice-store';

export type Tried =
  | { readonly ok: true; readonly outputs: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: ReturnType<typeof describeError> };

export interface Trial {
  /** The dialog as it stands, deployed or not. */
  readonly saved: SavedFields;
  /** The deployed node of the same id, for expressions that look at its flow. */
  readonly node: Node | null;
  readonly payload: unknown;
}

/** Runs a node's function once on an example: nothing is stored, nothing leaves the process. Never rejects. */
export async function tryExample(house: House, definition: ActionDefinition, trial: Trial): Promise<Tried> {
  try {
    const message = { payload: trial.payload };
    const input = receive(definition.input, trial.payload);
    const { fields } = definition;
    const saved = withEnvironment(house, trial);
    const { params, settings } = await completeParams(house, { fields, saved, node: trial.node, message });
    return { ok: true, outputs: await definition.run(input, params, practicePorts(settings)) };
  } catch (thrown) {
    return { ok: false, error: describeError(thrown) };
  }
}

function practicePorts(settings: Ports['settings']): Ports {
  const quiet = () => undefined;
  return {
    settings,
    credentials: {},
    store: practiceStore(Date.now),
    http: () => Promise.reject(new NotWhileTrying('the network')),
    alerts: { enlist: async () => async () => undefined, raise: async () => ({ unrecorded: [] }) },
    models: modelsOfNobody(),
    changes: { subscribe: () => Promise.reject(new NotWhileTrying('watching sheets')) },
    now: Date.now,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  };
}

/** What trains is tried out without a trail: it lists nothing and says what it lacks. */
function modelsOfNobody(): NonNullable<Ports['models']> {
  const untrained = () => Promise.reject(new NotWhileTrying('a trail to learn from'));
  return {
    judge: () => Promise.resolve(null),
    models: () => Promise.resolve([]),
    train: untrained,
    promote: untrained,
    rollBack: untrained,
    attend: () => () => Promise.resolve(),
  };
}
