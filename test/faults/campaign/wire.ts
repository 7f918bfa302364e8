import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Where in a call its connection is cut. */
export const CUTS = [
  'before the request',
  'between request and commit',
  'after the commit, before its answer',
] as const;
export type Cut = (typeof CUTS)[number];

/** A TCP proxy before a PostgreSQL server, which cuts connections in the middle of a call that changes something. */
export interface Wire {
  readonly port: number;
  /** How many were cut so far. */
  cuts(): number;
  close(): Promise<void>;
}

const CHANGES = /billing_audit_(accept_callback|accept_callbacks|accept_bodies|resolve|append)\(/;
const COMMIT = 'commit\0';

/**
 * @param socket  of the server
 * @param most    cuts no more often, so that the work gets done
 */
export async function openWire(socket: string, cut: Cut, most: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let [calls, cuts] = [0, 0];
  const join = (client: Socket): void => {
    const server = createConnection(socket);
    let [isChange, isAnswerLost] = [false, false];
    const sever = (): void => {
      cuts += 1;
      client.destroy();
      server.destroy();
    };
    for (const each of [client, server]) {
      sockets.add(each);
      each
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(each);
          client.destroy();
          server.destroy();
        });
    }
    client.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (CHANGES.test(text)) {
        calls += 1;
        // Every third of them, so that others are under way.
        isChange = calls % 3 === 0 && cuts < most;
        if (isChange && cut === 'before the request') return sever();
      }
      if (isChange && text.includes(COMMIT)) {
        isChange = false;
        if (cut === 'between request and commit') return sever();
        isAnswerLost = cut === 'after the commit, before its answer';
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (isAnswerLost) sever();
      else client.write(chunk);
    });
  };
  const proxy = createServer(join);
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    port: (proxy.address() as AddressInfo).port,
    cuts: () => cuts,
    close: async () => {
      for (const each of sockets) each.destroy();
      await new Promise((done) => proxy.close(done));
    },
  };
}
