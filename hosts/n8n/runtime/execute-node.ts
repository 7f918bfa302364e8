import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { receive, type ActionDefinition } from '../../../lib/define';
import { completeFields } from '../../../lib/settings';
import { enteredFields } from './entered-fields';
import { failedItem, nodeError } from './errors';
import { givingDesk, placeOf, portsFor, present } from './ports';
import { recordWorkflowBehind } from './record-workflow';
import { runAsJob } from './run-as-job';
import { runOf } from './run-of';
import { openStore, type StoreAccess } from './store';

export interface NodeForm {
  /** Names of the fields that stand in the collection *Options*. */
  readonly options: readonly string[];
}

/** Items that are worked on at the same time: their questions to the store travel together. */
const ITEMS_AT_ONCE = 100;

/**
 * Runs a definition for each item, in order; what it gives leaves by the output of its name. An item that fails ends the
 * run, or travels on with its error where the node is told to continue.
 * @throws NodeApiError, NodeOperationError  with the index of the item
 */
export async function executeNode(
  context: IExecuteFunctions,
  definition: ActionDefinition,
  form: NodeForm,
): Promise<INodeExecutionData[][]> {
  const access = await openStore(context).catch((thrown: unknown) => {
    throw nodeError(context.getNode(), thrown);
  });
  await recordWorkflowBehind(context, access);
  const items = context.getInputData();
  const outputs: INodeExecutionData[][] = Object.keys(definition.outputs).map(() => []);
  for (let start = 0; start < items.length; start += ITEMS_AT_ONCE) {
    const portion = items.slice(start, start + ITEMS_AT_ONCE);
    const given = await Promise.all(
      portion.map(({ json }, index) => outcomeOf(context, definition, form, access, json, start + index)),
    );
    for (const places of given) places.forEach((values, place) => outputs[place]?.push(...values));
  }
  return outputs;
}

async function outcomeOf(
  context: IExecuteFunctions,
  definition: ActionDefinition,
  form: NodeForm,
  access: StoreAccess,
  json: IDataObject,
  itemIndex: number,
): Promise<INodeExecutionData[][]> {
  const pairedItem = { item: itemIndex };
  try {
    const emitted = await runOnce(context, definition, form, access, json, itemIndex);
    return Object.keys(definition.outputs).map((name) =>
      valuesOf(emitted[name]).map((value) => ({ json: value as IDataObject, pairedItem })),
    );
  } catch (thrown) {
    if (!context.continueOnFail()) throw nodeError(context.getNode(), thrown, itemIndex);
    return [[{ json: failedItem(thrown) as unknown as IDataObject, pairedItem }]];
  }
}

async function runOnce(
  context: IExecuteFunctions,
  definition: ActionDefinition,
  form: NodeForm,
  access: StoreAccess,
  json: IDataObject,
  itemIndex: number,
): Promise<Readonly<Record<string, unknown>>> {
  const input = receive(definition.input, json);
  const entered = enteredFields(context, definition.fields, form.options, itemIndex);
  if (definition.runs === 'server') return runAsJob(context, definition, access, { input, entered, itemIndex });
  const { params, settings } = completeFields({
    fields: definition.fields,
    entered,
    shared: access.shared,
    environment: {},
  });
  const isGiving = definition.name === 'alert' && context.getNodeParameter('delivery', itemIndex, 'item') === 'item';
  return definition.run(
    input,
    params,
    portsFor(context, access, settings, isGiving ? giving(context, access) : undefined),
  );
}

/** Who tries the node out, or has a failed run repeated, asked for the alert: it is given whoever had it before. */
const ASKED_FOR: readonly string[] = ['manual', 'retry'];

function giving(context: IExecuteFunctions, { driver }: StoreAccess): ReturnType<typeof givingDesk> {
  const run = ASKED_FOR.includes(context.getMode()) ? null : runOf(context);
  return givingDesk(driver, { givenTo: placeOf(context), run, at: present });
}

function valuesOf(given: unknown): readonly unknown[] {
  if (given === undefined || given === null) return [];
  return Array.isArray(given) ? (given as readonly unknown[]) : [given];
}
