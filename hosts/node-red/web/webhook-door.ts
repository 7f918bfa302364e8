import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../../lib/errors';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';

/** Who does not get a body across in this time is cut off: open connections cost memory, and Smartsheet is much faster. */
const SLOWEST_BODY_MILLISECONDS = 30_000;
/** What is still read of a body after its answer, so that the answer arrives: a whole callback. Who sends more is cut off. */
const MOST_BYTES_AFTER_ANSWER = 8 * 1024 * 1024;

type WebhookAnswer = Awaited<ReturnType<Runtime['answerWebhook']>>;

export interface WebhookDoor {
  readonly runtime: Pick<Runtime, 'answerWebhook'>;
  readonly log: Log;
  readonly slowestBodyMilliseconds?: number;
}

/**
 * Hands what is posted to the Runtime as it comes in, and gives its answer. Nothing of a body is held here, and each
 * request is on its own: a slow one keeps nobody waiting but itself.
 */
export function webhookDoor(door: WebhookDoor): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void answerOne(door, request, response);
}

async function answerOne(
  { runtime, log, slowestBodyMilliseconds = SLOWEST_BODY_MILLISECONDS }: WebhookDoor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: WebhookAnswer = { status: 503, headers: {}, body: '' };
  const tooSlow = setTimeout(() => cutOff(request, response, answer), slowestBodyMilliseconds).unref();
  request.once('close', () => clearTimeout(tooSlow));
  // One that breaks off is seen by whoever reads it.
  request.on('error', () => undefined);
  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    const body = { [Symbol.asyncIterator]: () => ({ next: () => chunks.next() }) };
    answer = await runtime.answerWebhook({ headers: request.headers, body });
    // nginx asks for a connection of its own for each request. Closed while nginx still sends, it makes a 502 of the answer.
    if (!response.shouldKeepAlive) await readOn(chunks);
    respond(response, answer);
  } catch (thrown) {
    // Smartsheet sends it again after 503; most other answers would lose the callback.
    log.error('A callback could not be answered.', { why: messageOf(thrown) });
    respond(response, { status: 503, headers: {}, body: '' });
  }
  // An answer to somebody who is still sending would be lost if the connection were closed on him at once.
  if (!(await readOn(chunks))) request.destroy();
}

function respond(response: ServerResponse, { status, headers, body }: WebhookAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** @param answer  what is known by now */
function cutOff(request: IncomingMessage, response: ServerResponse, answer: WebhookAnswer): void {
  if (request.complete) return;
  response.once('close', () => request.destroy());
  response.once('finish', () => request.destroy());
  if (response.headersSent) request.destroy();
  else respond(response, { ...answer, headers: { ...answer.headers, connection: 'close' } });
}

/** @returns false when there is more than a whole callback, which nobody reads */
async function readOn(chunks: AsyncIterator<Uint8Array>): Promise<boolean> {
  try {
    let read = 0;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      read += next.value.byteLength;
      if (read > MOST_BYTES_AFTER_ANSWER) return false;
    }
  } catch {
    // It has broken off: nothing is left to read.
  }
  return true;
}
