import type { Request, RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { messageOf } from '../../../lib/errors';
import { captureExactBytes, removeHandler, type Application, type CapturedRequest } from './hoisted-body';

/**
 * Opens `POST /webhook` and `GET /health` beside the user's own HTTP nodes for as long as the Runtime lives.
 * Both obey `httpNodeAuth` and `httpNodeMiddleware`; Smartsheet cannot sign in, so a server that uses `httpNodeAuth`
 * must let `/webhook` through (its calls are proved by their signature).
 * @returns what closes them again
 */
export function openPublicRoutes(RED: NodeAPI, runtime: Runtime, log: Log): () => void {
  const application = RED.httpNode as unknown as Application | undefined;
  if (!application?.parent) {
    log.warn(
      'This Node-RED serves no HTTP nodes (httpNodeRoot is off): callbacks of Smartsheet cannot arrive, sheets are polled.',
    );
    return () => undefined;
  }
  const callback: RequestHandler = (request, response) => void answerCallback(runtime, request, response, log);
  const health: RequestHandler = (_request, response) => void answerHealth(runtime, response);
  const release = captureExactBytes(application, `${application.path()}/webhook`);
  RED.httpNode.post('/webhook', ...sharedMiddleware(RED), callback);
  RED.httpNode.get('/health', ...sharedMiddleware(RED), health);
  return () => {
    release();
    removeHandler(application, callback);
    removeHandler(application, health);
  };
}

/** Node-RED leaves it to each node to honour this setting. */
function sharedMiddleware(RED: NodeAPI): RequestHandler[] {
  const given = (RED.settings as { readonly httpNodeMiddleware?: unknown }).httpNodeMiddleware;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return list.filter((each): each is RequestHandler => typeof each === 'function');
}

async function answerCallback(runtime: Runtime, request: Request, response: Response, log: Log): Promise<void> {
  try {
    const body = (request as unknown as CapturedRequest).rawBody;
    const answer = await runtime.answerWebhook({ headers: request.headers, body: body ?? null });
    response.status(answer.status).set(answer.headers).end(answer.body);
  } catch (thrown) {
    // 500 makes Smartsheet send it again; anything else would lose the callback.
    log.error('A callback could not be answered.', { why: messageOf(thrown) });
    response.status(500).json({ error: 'unexpected_error' });
  }
}

async function answerHealth(runtime: Runtime, response: Response): Promise<void> {
  try {
    const health = await runtime.health();
    response.status(health.status === 'down' ? 503 : 200).json(health);
  } catch (thrown) {
    response
      .status(503)
      .json({ status: 'down', checks: [{ name: 'runtime', status: 'down', text: messageOf(thrown) }] });
  }
}
