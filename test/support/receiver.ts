import * as http from 'node:http';

/** A callback or challenge as it arrived. */
export interface Received {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly json: Record<string, unknown>;
  readonly isChallenge: boolean;
}

/** What a receiver answers. A function may take its time. */
export type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

/** A stand-in for a receiver of callbacks: it remembers all, passes challenges, and answers 200 unless told otherwise. */
export interface Receiver {
  readonly url: string;
  /** Everything in the order of arrival. */
  readonly received: Received[];
  /** The callbacks among it. */
  callbacks(): Received[];
  answerChallenge: (challenge: string) => Reply | Promise<Reply>;
  answerCallback: (callback: Received) => Reply | Promise<Reply>;
  close(): Promise<void>;
}

const open = new Set<http.Server>();

/** A test that fails half-way leaves no receiver behind. */
if (typeof afterAll === 'function') afterAll(() => open.forEach((server) => server.close().closeAllConnections()));

/** Starts a receiver on a free port of the loopback. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = http.createServer((request, response) => void take(request, response));
  const receiver: Receiver = {
    url: '',
    received,
    callbacks: () => received.filter(({ isChallenge }) => !isChallenge),
    answerChallenge: (value) => ({ status: 200, headers: { 'Smartsheet-Hook-Response': value } }),
    answerCallback: () => ({ status: 200 }),
    close: () =>
      new Promise((resolve) => {
        open.delete(server);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const challenge = request.headers['smartsheet-hook-challenge'];
    const letter = {
      headers: request.headers,
      body,
      json: JSON.parse(body) as Record<string, unknown>,
      isChallenge: challenge !== undefined,
    };
    received.push(letter);
    const reply = await (challenge === undefined
      ? receiver.answerCallback(letter)
      : receiver.answerChallenge(String(challenge)));
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  open.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(receiver, { url: `http://127.0.0.1:${port}/webhook` });
}
