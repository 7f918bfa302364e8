import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly cookie?: string | undefined;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request, with exactly the headers that are given: `fetch` would not let a test forge a Host. */
export function ask(url: string, { method, headers = {}, cookie, form, body }: Ask = {}): Promise<Answer> {
  const text = form ? new URLSearchParams(form).toString() : body;
  const all: OutgoingHttpHeaders = {
    ...(cookie && { cookie }),
    ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(text !== undefined && { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: method ?? (text === undefined ? 'GET' : 'POST'), headers: all, agent: false });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => void (received += chunk));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
      );
    });
    sent.end(text);
  });
}

export interface Upgraded {
  readonly status: number;
  /** Resolves when the other side has closed the connection. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A bare websocket handshake. */
export function upgrade(url: string, { headers = {}, cookie }: Ask = {}): Promise<Upgraded> {
  const all: OutgoingHttpHeaders = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
    ...(cookie && { cookie }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: all, agent: false });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, closed: Promise.resolve(), close: () => undefined });
    });
    sent.once('upgrade', (_response, socket) => {
      socket.on('error', () => socket.destroy());
      socket.resume();
      const closed = new Promise<void>((done) => socket.once('close', () => done()));
      resolve({ status: 101, closed, close: () => socket.destroy() });
    });
    sent.end();
  });
}

/** The `name=value` of the session that an answer sets, or undefined. */
export function cookieOf({ headers }: Answer): string | undefined {
  return headers['set-cookie']?.map((line) => line.split(';', 1)[0]).find((pair) => pair && !pair.endsWith('='));
}

/** Signs in and gives the cookie. */
export async function signedIn(address: string, name: string, password: string): Promise<string> {
  const answer = await ask(`${address}/sign-in`, { form: { name, password } });
  const cookie = cookieOf(answer);
  if (!cookie) throw new Error(`${name} was not let in: ${answer.status} ${answer.body}`);
  return cookie;
}

/** The token that the forms of a page carry. */
export function formTokenIn(page: string): string {
  return /name="form" value="([^"]+)"/.exec(page)?.[1] ?? '';
}
