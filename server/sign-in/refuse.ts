import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './decision';
import { pageHeaders } from './pages/page';
import { refusedPage } from './pages/refused-page';
import { signInPage } from './pages/sign-in-page';
import type { RequestFacts } from './request-facts';

/** Answers a refused request: a page for people who look at one, JSON for programs. */
export function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  refusal: Refusal,
): void {
  // What is left of a body is not read: the connection ends with the answer.
  if (hasBody(request)) response.setHeader('Connection', 'close');
  const { status } = refusal;
  if (status === 401) response.setHeader('WWW-Authenticate', 'Session realm="Billing Audit"');
  if (!facts.wantsPage) return endWith(response, status, 'application/json; charset=utf-8', jsonOf(refusal));
  const next = facts.method === 'GET' ? facts.url : '/';
  const page = status === 401 ? signInPage({ name: '', next, message: null }) : refusedPage(refusal);
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
  endWith(response, status, 'text/html; charset=utf-8', page);
}

/** Answers a refused request in the words that the callers of its route know; the words are JSON. */
export function refuseInForm(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: string },
): void {
  if (hasBody(request)) response.setHeader('Connection', 'close');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  endWith(response, status, 'application/json; charset=utf-8', body);
}

/** Answers a refused upgrade over the bare socket. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = jsonOf(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function endWith(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function jsonOf({ error, message, hint }: Refusal): string {
  return `${JSON.stringify({ error, message, hint })}\n`;
}
