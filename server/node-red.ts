import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { BillingAuditError } from '../lib/errors';
import type { EditorAccount } from './editor-account';

// The type package describes Node-RED 1.3; these are the parts of 5's embedding interface that we use.
interface NodeRed {
  init(server: Server, settings: Record<string, unknown>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly httpAdmin: express.Application;
  readonly httpNode: express.Application;
}

export interface NodeRedOptions {
  readonly host: string;
  readonly port: number;
  /** Node-RED's user directory. */
  readonly userDirectory: string;
  readonly credentialSecret: string;
  /** Null: practice on loopback, where nobody is asked. */
  readonly account: EditorAccount | null;
}

export interface RunningNodeRed {
  /** `http://host:port`, with the port that was really taken. */
  readonly address: string;
  stop(): Promise<void>;
}

/** The port that was asked for belongs to another program. */
export class PortInUse extends BillingAuditError {
  readonly code = 'port_in_use';
  readonly hint = 'Stop the other program, or choose another port with --port or PORT.';

  constructor(host: string, port: number) {
    super(`Port ${port} on ${host} is in use by another program.`, { host, port });
  }
}

/**
 * Starts Node-RED inside this process: the editor at `/admin`, nodes' routes at `/`.
 * @throws PortInUse  before anything else has been started
 */
export async function startNodeRed(options: NodeRedOptions): Promise<RunningNodeRed> {
  const application = express();
  const server = createServer(application);
  await listen(server, options.host, options.port);
  // Loaded late: requiring Node-RED costs a second, and an error above should not wait for it.
  const red = require('node-red') as NodeRed;
  red.init(server, settingsFor(options));
  application.use('/admin', red.httpAdmin);
  application.use('/', red.httpNode);
  await red.start();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    address: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    stop: async () => {
      await red.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function settingsFor({ userDirectory, credentialSecret, account }: NodeRedOptions): Record<string, unknown> {
  return {
    userDir: userDirectory,
    flowFile: join(userDirectory, 'flows.json'),
    flowFilePretty: true,
    httpAdminRoot: '/admin',
    httpNodeRoot: '/',
    credentialSecret,
    ...(account && {
      adminAuth: {
        type: 'credentials',
        users: [{ username: account.username, password: account.passwordHash, permissions: '*' }],
      },
    }),
    contextStorage: { default: { module: 'localfilesystem' } },
    editorTheme: { page: { title: 'Billing Audit' }, header: { title: 'Billing Audit' }, tours: false },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUse(host, port) : error),
    );
    server.listen(port, host, () => resolve());
  });
}
