import { createServer, request as httpRequest, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A callback of the sandbox on its way, and what became of it. */
export interface Letter {
  readonly nonce: string;
  readonly body: Buffer;
  readonly signature: string;
  /** The round in which it was made. */
  readonly round: number;
  /** Answered 200, at least once. */
  acknowledged: boolean;
}

export interface Relay {
  /** `http://127.0.0.1:port`: where the sandbox sends callbacks to. */
  readonly url: string;
  readonly letters: ReadonlyMap<string, Letter>;
  /** Answers that no authentic callback may have: anything but 200 and 503. */
  readonly wrongAnswers: readonly number[];
  /** Answers of 503: the store was away. */
  refusals(): number;
  /** Letters that are not acknowledged yet. */
  left(): number;
  /** Where the process under test is now; null: nowhere. */
  to(port: number | null): void;
  begin(round: number): void;
  close(): Promise<void>;
}

const AT_ONCE = 12;
/** Of a hundred letters so many come a second time, and of so many the sender never sees the answer. */
const DOUBLED_PERCENT = 5;
const UNANSWERED_PERCENT = 3;

/**
 * Stands between the sandbox and the process under test, and does for a dead process what Smartsheet's retries do: each
 * callback comes again until it was answered 200, out of order, some twice, some because their answer was lost.
 * @param dice  a whole number below its argument
 */
export async function openRelay(dice: (below: number) => number): Promise<Relay> {
  const letters = new Map<string, Letter>();
  const queue: Letter[] = [];
  const wrongAnswers: number[] = [];
  const agent = new Agent({ keepAlive: true });
  let [target, round, refusals, isClosed] = [null as number | null, 0, 0, false];

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const challenge = request.headers['smartsheet-hook-challenge'];
    if (typeof challenge === 'string') return echo(challenge, response);
    const { nonce } = JSON.parse(body.toString()) as { nonce: string };
    const letter = { nonce, body, signature: String(request.headers['smartsheet-hmac-sha256']), round };
    letters.set(nonce, { ...letter, acknowledged: false });
    queue.push(letters.get(nonce) as Letter);
    response.writeHead(200).end();
  };
  const deliver = async (): Promise<void> => {
    while (!isClosed) {
      const port = target;
      const letter = port === null ? undefined : queue.shift();
      if (port === null || letter === undefined) await pause(5);
      else await deliverOne(letter, port);
    }
  };
  const deliverOne = async (letter: Letter, port: number): Promise<void> => {
    const answer = await post(letter, port, agent, dice(100) < UNANSWERED_PERCENT);
    if (answer === 200) {
      if (!letter.acknowledged && dice(100) < DOUBLED_PERCENT) queue.push(letter);
      letter.acknowledged = true;
      return;
    }
    queue.push(letter);
    if (answer === 503) refusals += 1;
    else if (answer !== null) wrongAnswers.push(answer);
    await pause(answer === 503 ? 50 : 10);
  };

  const server = createServer((request, response) => void take(request, response).catch(() => response.destroy()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const workers = Array.from({ length: AT_ONCE }, deliver);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    wrongAnswers,
    refusals: () => refusals,
    left: () => [...letters.values()].filter(({ acknowledged }) => !acknowledged).length + queue.length,
    to: (port) => void (target = port),
    begin: (number) => void (round = number),
    close: async () => {
      isClosed = true;
      await Promise.all(workers);
      agent.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The process under test may be dead when a hundred callbacks have passed; how it answers is tested elsewhere. */
function echo(challenge: string, response: ServerResponse): void {
  const headers = { 'content-type': 'application/json', 'Smartsheet-Hook-Response': challenge };
  response.writeHead(200, headers).end(JSON.stringify({ smartsheetHookResponse: challenge }));
}

/** @returns the status; null when there was no answer, or the sender went away before it could hear it */
function post({ body, signature }: Letter, port: number, agent: Agent, isDeaf: boolean): Promise<number | null> {
  return new Promise((resolve) => {
    const headers = { 'smartsheet-hmac-sha256': signature, 'content-length': body.length };
    const where = { port, host: '127.0.0.1', method: 'POST', path: '/webhook', headers, agent };
    const call = httpRequest(where, (response) => {
      response.once('error', () => resolve(null));
      response.resume().once('end', () => resolve(response.statusCode ?? null));
    });
    call.once('error', () => resolve(null)).once('close', () => resolve(null));
    if (!isDeaf) call.end(body);
    else call.write(body, () => setImmediate(() => call.destroy()));
  });
}
