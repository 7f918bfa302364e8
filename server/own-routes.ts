import express, { type RequestHandler, type Router } from 'express';
import type { Now } from '../lib/ports';
import { exportRoute, rpcRoute } from './export';
import { metricsRoute } from './metrics';

export interface OwnRoutesOptions {
  /** The home whose store this server has open. */
  readonly home: string;
  readonly practice: boolean;
  readonly timeZone: string;
  readonly now: Now;
  readonly flowVersions: RequestHandler;
  /** The first-run pages; absent where there is no `.env` to write. */
  readonly setup?: RequestHandler;
  readonly onFailure: (failure: unknown) => void;
}

/** What the server itself answers behind the door, before Node-RED is asked. */
export function ownRoutes({ flowVersions, setup, ...options }: OwnRoutesOptions): Router {
  const routes = express.Router();
  routes.get('/metrics', metricsRoute(options.home, options.now));
  routes.get('/export', exportRoute(options));
  routes.use('/rest/v1/rpc', rpcRoute(options.home));
  routes.use('/flows/versions', flowVersions);
  if (setup) routes.use('/setup', setup);
  return routes;
}
