import type { Request, Response } from 'express';
import type { Node } from 'node-red';
import type { ActionDefinition } from '../../../lib/define';
import { completeSettings, defaultSettings } from '../../../lib/settings';
import { nodeType } from '../names';
import { describeError } from '../runtime/errors';
import type { House } from '../runtime/house';
import { tryExample } from '../runtime/try-example';
import { asObject } from './as-object';
import { openBesideRoute } from './beside-route';
import { openChoicesRoute } from './choices-route';

/** Where a value that a node inherits comes from. */
type Origin = 'billing-settings' | 'environment' | 'default';

/** What the dialogs ask of the runtime. All endpoints obey `adminAuth`, by the permissions named here. */
export function openEditorRoutes(house: House): void {
  const { RED } = house;
  openChoicesRoute(house);
  openBesideRoute(house);
  RED.httpAdmin.post('/billing-audit/try', RED.auth.needsPermission('billing-audit.write'), (request, response) => {
    void answerTry(house, request, response);
  });
  RED.httpAdmin.get(
    '/billing-audit/settings-in-force',
    RED.auth.needsPermission('billing-audit.read'),
    (request, response) => answerSettings(house, request, response),
  );
}

async function answerTry(house: House, request: Request, response: Response): Promise<void> {
  const { type, id, fields, payload } = asObject(request.body);
  const definition = house.parts.nodes.find(
    (each): each is ActionDefinition => each.role === 'action' && nodeType(each) === type,
  );
  if (!definition) {
    response
      .status(404)
      .json({ error: { code: 'unknown_node', message: `There is no node "${String(type)}".`, hint: '', context: {} } });
    return;
  }
  const deployed = typeof id === 'string' ? (house.RED.nodes.getNode(id) as Node | null) : null;
  response.json(await tryExample(house, definition, { saved: asObject(fields), node: deployed, payload }));
}

/** `{ values, origins }` by the name of a setting; `?id=` names the settings that the dialog has chosen. */
function answerSettings(house: House, request: Request, response: Response): void {
  try {
    const shared = house.shared.valuesFor(typeof request.query['id'] === 'string' ? request.query['id'] : '');
    const values = completeSettings({ shared, environment: house.parts.environment });
    const origins = Object.entries(values).map(([name, value]): [string, Origin] => {
      if (name in shared) return [name, 'billing-settings'];
      const preset: unknown = (defaultSettings as unknown as Readonly<Record<string, unknown>>)[name];
      return [name, JSON.stringify(value) === JSON.stringify(preset) ? 'default' : 'environment'];
    });
    response.json({ values, origins: Object.fromEntries(origins) });
  } catch (thrown) {
    response.status(409).json({ error: describeError(thrown) });
  }
}
