import express, { type RequestHandler, type Router } from 'express';
import type { Now } from '../lib/ports';
import { accessRoute } from './access-log';
import { exportRoute } from './export';
import { metricsRoute } from './metrics';
import { RPC_PATH, rpcDoor } from './rpc';
import { answerFailure, type Visitor } from './sign-in';

export interface OwnRoutesOptions {
  /** The home whose store this server has open. */
  readonly home: string;
  readonly practice: boolean;
  readonly timeZone: string;
  readonly now: Now;
  readonly formToken: (visitor: Visitor) => string;
  readonly flowVersions: RequestHandler;
  /** The directory of people. */
  readonly directory: RequestHandler;
  /** The first-run pages; absent where there is no `.env` to write. */
  readonly setup?: RequestHandler;
  readonly onFailure: (failure: unknown) => void;
}

/** What the server itself answers behind the door, before Node-RED is asked. */
export function ownRoutes({ flowVersions, directory, setup, ...options }: OwnRoutesOptions): Router {
  const routes = express.Router();
  const rpc = rpcDoor(options);
  routes.get('/metrics', metricsRoute(options.home, options.now, rpc.answers));
  routes.get('/export', exportRoute(options));
  routes.get('/access', accessRoute(options));
  routes.use(RPC_PATH, rpc.routes);
  routes.use('/flows/versions', flowVersions);
  routes.use('/directory', directory);
  if (setup) routes.use('/setup', setup);
  routes.use(answerFailure(options.onFailure));
  return routes;
}
