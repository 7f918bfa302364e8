import * as http from 'node:http';
import { ControlApi } from '../control/routes';
import { html, json, type Request, type Response } from './router';
import { Pages } from '../pages/routes';
import { SandboxCannotListen } from '../errors';
import { SmartsheetApi } from '../api/routes';
import type { World } from '../world';

const MOST_BYTES = 32 * 1024 * 1024;

/** The sandbox's doors: `/2.0/...` the API, `/sandbox/...` the control interface, all else pages. */
export class Server {
  readonly control: ControlApi;
  private readonly api: SmartsheetApi;
  private readonly pages: Pages;
  private readonly server: http.Server;

  /** @param changed called after each request that may have changed something */
  constructor(
    world: World,
    private readonly changed: () => void = () => undefined,
  ) {
    this.api = new SmartsheetApi(world);
    this.control = new ControlApi(world);
    this.pages = new Pages(world);
    this.server = http.createServer((request, response) => void this.serve(request, response));
  }

  /** @returns the port that was taken. @throws SandboxCannotListen */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (cause) => reject(new SandboxCannotListen(host, port, cause)));
      this.server.listen(port, host, () => {
        const address = this.server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const response = await this.answer(incoming);
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') this.changed();
    if (response.cut === 'reset') return void incoming.socket.resetAndDestroy();
    if (response.cut === 'hold' || response.holdMilliseconds !== undefined) {
      await gone(outgoing, response.cut === 'hold' ? undefined : response.holdMilliseconds);
    }
    if (outgoing.destroyed) return;
    const body = Buffer.from(response.body);
    outgoing.writeHead(response.status, {
      ...response.headers,
      'Content-Type': response.type,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    outgoing.end(incoming.method === 'HEAD' ? undefined : body);
  }

  private async answer(incoming: http.IncomingMessage): Promise<Response> {
    const request = await requestFrom(incoming);
    if (request === 'too large')
      return json({ error: `The body is larger than ${MOST_BYTES} bytes.`, hint: 'Send it in parts.' }, 413);
    if (request === 'unreadable') return json({ error: 'The request could not be read.', hint: 'Send it again.' }, 400);
    if (request.path.startsWith('/2.0/'))
      return this.api.answer({ ...request, path: request.path.slice('/2.0'.length) });
    if (request.path.startsWith('/sandbox/')) return this.control.answer(request);
    try {
      return await this.pages.answer(request);
    } catch (thrown) {
      return html(`The sandbox could not show this page: ${String(thrown)}`.replace(/[<>&]/g, ' '), 500);
    }
  }
}

/** Resolves when the client has gone, or after `milliseconds`. */
function gone(outgoing: http.ServerResponse, milliseconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
    outgoing.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function requestFrom(incoming: http.IncomingMessage): Promise<Request | 'too large' | 'unreadable'> {
  try {
    const url = new URL(incoming.url ?? '/', 'http://sandbox.invalid');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of incoming) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > MOST_BYTES) return 'too large';
      chunks.push(part);
    }
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const method = incoming.method ?? 'GET';
    return {
      method,
      path: url.pathname,
      parameters: {},
      query: url.searchParams,
      headers,
      body: Buffer.concat(chunks),
    };
  } catch {
    return 'unreadable';
  }
}
