import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { messageOf } from '../../../lib/errors';
import { isCallTo, putFirst, removeHandler, type Application } from './first-in-line';
import { webhookDoor } from './webhook-door';

/**
 * Opens `/webhook` and `GET /health` beside the user's own HTTP nodes for as long as the Runtime lives. `/health` obeys
 * `httpNodeMiddleware`. `/webhook` comes before everything else of the server, sign-in and middleware included: Smartsheet
 * cannot sign in, its calls are proved by their signature, and most answers that others might give would lose the webhook.
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
  const health: RequestHandler = (_request, response) => void answerHealth(runtime, response);
  const path = `${application.path()}/webhook`;
  const release = putFirst(application, path, webhookDoor({ runtime, log }));
  const forgetExpectations = takeExpectations(RED.server as Server | undefined, path);
  RED.httpNode.get('/health', ...sharedMiddleware(RED), health);
  return () => {
    release();
    forgetExpectations();
    removeHandler(application, health);
  };
}

/** Node-RED leaves it to each node to honour this setting. */
function sharedMiddleware(RED: NodeAPI): RequestHandler[] {
  const given = (RED.settings as { readonly httpNodeMiddleware?: unknown }).httpNodeMiddleware;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return list.filter((each): each is RequestHandler => typeof each === 'function');
}

/** Node answers an `Expect` header that it does not know with 417 by itself; a callback is taken all the same. */
function takeExpectations(server: Server | undefined, path: string): () => void {
  const isCallback = isCallTo(path);
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    if (isCallback(request)) server?.emit('request', request, response);
    else if (server?.listenerCount('checkExpectation') === 1) response.writeHead(417).end();
  };
  server?.on('checkExpectation', take);
  return () => void server?.off('checkExpectation', take);
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
