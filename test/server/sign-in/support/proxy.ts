import { createServer, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly address: string;
  close(): Promise<void>;
}

/** A reverse proxy on the same machine, as small as it can be, that says so in its headers as nginx is told to. */
export async function startProxy(target: string, scheme = 'https'): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const onward = (incoming: IncomingMessage): ReturnType<typeof request> =>
    request({
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers: withProxyHeaders(incoming, scheme),
      agent: false,
    });
  const server = createServer((incoming, answer) => {
    const sent = onward(incoming);
    sent.once('error', () => answer.destroy());
    sent.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(sent);
  });
  server.on('upgrade', (incoming, socket) => {
    const sent = onward(incoming);
    sent.once('error', () => socket.destroy());
    sent.once('response', (response) => {
      socket.write(`HTTP/1.1 ${response.statusCode} Refused\r\nConnection: close\r\n\r\n`);
      response.pipe(socket);
    });
    sent.once('upgrade', (_response, other) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      other.pipe(socket).pipe(other);
    });
    sent.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

function withProxyHeaders({ headers, socket }: IncomingMessage, scheme: string): OutgoingHttpHeaders {
  const before = headers['x-forwarded-for'];
  return {
    ...headers,
    'x-forwarded-for': [before, socket.remoteAddress].filter(Boolean).join(', '),
    'x-forwarded-proto': scheme,
  };
}
