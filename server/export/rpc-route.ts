import express, { type Request, type Response, type Router } from 'express';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { StoreRefused } from '../../lib/store';
import { arrivalOf } from '../sign-in';

const LARGEST_CALL = '8mb';

/**
 * `POST /rest/v1/rpc/<function>` in PostgREST's form (`{"p": {...}}` in, the function's value out), over the store that
 * this server has open. For programs of the owner, with the service key; a person's session is refused.
 */
export function rpcRoute(home: string): Router {
  const routes = express.Router();
  routes.post('/:name', express.json({ limit: LARGEST_CALL }), (request, response) => {
    void answer(home, request, response);
  });
  return routes;
}

async function answer(home: string, request: Request, response: Response): Promise<void> {
  if (!arrivalOf(request)?.visitor?.service) {
    return refuse(response, 401, '42501', 'The service key is needed.', 'It is in keys/service.key of the home.');
  }
  const name = request.params['name'] ?? '';
  if (!isOurs(name)) return refuse(response, 404, 'PGRST202', `There is no function ${name.slice(0, 80)}.`, '');
  const driver = openHomeAt(home)?.inside?.driver;
  if (!driver) return refuse(response, 503, 'PGRST000', 'The store is not open.', 'Wait until /health says ok.');
  try {
    const { p = {} } = (request.body ?? {}) as { p?: unknown };
    response.json(await driver.rpc(name, p));
  } catch (thrown) {
    if (thrown instanceof StoreRefused || isRefused(thrown)) {
      return refuse(response, 400, thrown.sqlstate, thrown.message, thrown.hint);
    }
    const hint = thrown instanceof BillingAuditError ? thrown.hint : '';
    refuse(response, 503, 'PGRST000', messageOf(thrown), hint);
  }
}

function isOurs(name: string): name is `billing_audit_${string}` {
  return /^billing_audit_[a-z_]{1,50}$/.test(name);
}

/** The palette is another bundle: its StoreRefused is another class of the same name. */
function isRefused(thrown: unknown): thrown is StoreRefused {
  return (thrown as { code?: unknown } | null)?.code === 'store_refused';
}

function refuse(response: Response, status: number, code: string, message: string, hint: string): void {
  response.status(status).json({ code, message, hint: hint === '' ? null : hint, details: null });
}
