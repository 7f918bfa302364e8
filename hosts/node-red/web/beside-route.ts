import type { Request, Response } from 'express';
import type { Node } from 'node-red';
import type { SaidBeside } from '../../../lib/define';
import { BadSetting, BillingAuditError } from '../../../lib/errors';
import type { Runtime } from '../../../lib/runtime/runtime';
import { besideOf } from '../editor/dialog';
import { nodeType } from '../names';
import { describeError } from '../runtime/errors';
import type { House } from '../runtime/house';
import { completeParams, withEnvironment } from '../runtime/params';
import { asObject } from './as-object';

/** There is nothing behind the dialog that could be asked. */
class NothingRuns extends BillingAuditError {
  readonly code = 'nothing_runs';
  readonly hint = 'Deploy the flow, then open this dialog again.';

  constructor() {
    super('No node of Billing Audit is deployed here yet, so past problems cannot be looked at.');
  }
}

/** The dialog that asks is none of ours, or says nothing beside this field. */
class NothingBeside extends BillingAuditError {
  readonly code = 'nothing_beside';
  readonly hint = 'Load the editor anew; it may be older than Node-RED.';

  constructor(type: string, field: string) {
    super(`Nothing is said beside ${field} of ${type}.`, { type, field });
  }
}

/**
 * `POST billing-audit/beside {type, id, field, fields}`: what stands beside a field, for the dialog as it is at present.
 * Gives `{key, facts}`; the dialog's catalogue has the words. It asks the Runtime that nodes hold open, and opens none.
 */
export function openBesideRoute(house: House): void {
  const { RED } = house;
  // Fields may hold expressions, which run here: who may not change a flow may not run them.
  RED.httpAdmin.post('/billing-audit/beside', RED.auth.needsPermission('billing-audit.write'), (request, response) => {
    void answer(house, request, response);
  });
}

async function answer(house: House, request: Request, response: Response): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  try {
    response.json(await said(house, asObject(request.body)));
  } catch (thrown) {
    response.status(statusFor(thrown)).json({ error: describeError(thrown) });
  }
}

async function said(house: House, { type, id, field, fields }: Readonly<Record<string, unknown>>): Promise<SaidBeside> {
  const definition = house.parts.nodes.find((each) => nodeType(each) === type);
  const all = definition ? besideOf(definition) : {};
  const beside = typeof field === 'string' && Object.hasOwn(all, field) ? all[field] : undefined;
  if (!definition || !beside) throw new NothingBeside(JSON.stringify(type), JSON.stringify(field));
  const node = typeof id === 'string' ? (house.RED.nodes.getNode(id) as Node | null) : null;
  const saved = withEnvironment(house, { saved: asObject(fields), node });
  const { params, settings } = await completeParams(house, { fields: definition.fields, saved, node, message: {} });
  const runtime = await running(house);
  return beside.tell(params, runtime.portsFor({ settings, credentials: {}, log: quiet }));
}

/** @throws NothingRuns; or why the Runtime could not be opened */
function running({ runtimes }: House): Promise<Runtime> {
  return runtimes.running() ?? Promise.reject(new NothingRuns());
}

function statusFor(thrown: unknown): number {
  if (thrown instanceof NothingBeside) return 404;
  return thrown instanceof BadSetting || thrown instanceof NothingRuns ? 409 : 502;
}

const nothing = (): undefined => undefined;
/** What goes wrong is said in the dialog. */
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
