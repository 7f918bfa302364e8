import type { Request, RequestHandler } from 'express';
import type { Now } from '../../lib/ports';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { version } from '../version';
import { metricsText } from './metrics-text';

/** `GET /metrics`. The door lets in admins, and programs with the service key. */
export function metricsRoute(
  home: string,
  now: Now,
  rpcAnswers: () => Readonly<Record<string, number>>,
): RequestHandler {
  return (_request, response, next) => {
    const inside = openHomeAt(home)?.inside ?? null;
    const { rss, heapUsed } = process.memoryUsage();
    const about = {
      version,
      uptimeSeconds: Math.round(process.uptime()),
      memory: { rss, heapUsed },
      now: now(),
      rpcAnswers: rpcAnswers(),
    };
    // A store that fails is told as one that is not open: a scrape must not fail with it.
    void Promise.resolve(inside?.facts() ?? null)
      .catch(() => null)
      .then((facts) => {
        response.set('Cache-Control', 'no-store').type('text/plain; version=0.0.4; charset=utf-8');
        response.send(metricsText(facts, about));
      })
      .catch(next);
  };
}

/**
 * Answers everything until Node-RED is there: the ports are open before it, so that whoever asks is told to wait and
 * nobody thinks the server dead. Smartsheet sends a callback that was answered 503 again.
 */
export function whileStarting(isStarting: () => boolean): RequestHandler {
  return (request, response, next) => {
    if (!isStarting()) return next();
    response.set({ 'Retry-After': '5', 'Cache-Control': 'no-store' }).status(503);
    if (request.method === 'POST') return void response.end();
    if (isAt(request, '/health') || !request.accepts('html')) return void response.json(STARTING);
    response
      .set('Refresh', '2')
      .type('text/plain')
      .send('Billing Audit is starting. This page loads again by itself.\n');
  };
}

/** Answers `/health` and `/webhook` where no route of Node-RED does: the store is opening, or no node of ours is deployed. */
export function whereNobodyAnswers(home: string): RequestHandler {
  return (request, response, next) => {
    const isCallback = request.method === 'POST' && isAt(request, '/webhook');
    if (!isCallback && !isAt(request, '/health')) return next();
    response.set('Retry-After', '5').status(503);
    if (isCallback) return void response.end();
    response.json(whyNobody(home));
  };
}

function whyNobody(home: string): object {
  const opening = openHomeAt(home);
  if (opening?.failed !== undefined) return cannotBeOpened(opening.failed);
  return opening?.inside === null ? STARTING : NOTHING_DEPLOYED;
}

function isAt({ path }: Request, place: string): boolean {
  return path.toLowerCase().replace(/(.)\/$/, '$1') === place;
}

const STARTING = {
  status: 'starting',
  checks: [{ name: 'server', status: 'down', text: 'starting: callbacks cannot be stored yet' }],
} as const;

const NOTHING_DEPLOYED = {
  status: 'down',
  checks: [
    {
      name: 'flow',
      status: 'down',
      text: 'no node of Billing Audit is deployed, or the store cannot be opened: see the editor and the log',
    },
  ],
} as const;

/** The code alone: whoever asks from outside learns of no path and no address. */
const cannotBeOpened = (code: string): object => ({
  status: 'down',
  checks: [
    {
      name: 'store',
      status: 'down',
      text: `the store cannot be opened (${code}), and is tried again: see the log, or run "billing-audit doctor"`,
    },
  ],
});
