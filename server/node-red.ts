import type { Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { dashboardAccess, EditorPass, FrontDoor, signInPages, type SignIn } from './sign-in';

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
  readonly webhookPort: number | null;
  readonly dashboardPort: number | null;
  readonly signIn: SignIn;
  /** IANA name, for the times on the pages of sign-in. */
  readonly timeZone: string;
  /** A request that failed inside the server; it has been answered. */
  readonly onFailure: (failure: unknown) => void;
}

export interface RunningNodeRed {
  /** `http://host:port`, with the port that was really taken. */
  readonly address: string;
  readonly webhookAddress: string | null;
  readonly dashboardAddress: string | null;
  stop(): Promise<void>;
}

/** Where people go who did not come for a certain page. */
const LANDING = '/dashboard';

/**
 * Starts Node-RED inside this process: the editor at `/admin`, nodes' routes at `/`, all of it behind the front door.
 * @throws PortInUse  before anything else has been started
 */
export async function startNodeRed(options: NodeRedOptions): Promise<RunningNodeRed> {
  const { signIn, timeZone, onFailure } = options;
  const editorPass = new EditorPass();
  const door = new FrontDoor({
    signIn,
    pages: signInPages({ signIn, timeZone, landing: LANDING, onFailure }),
    handOn: (request, arrival) => editorPass.handOn(request, arrival),
    onFailure,
  });
  try {
    const addresses = await openPorts(door, options);
    // Loaded late: requiring Node-RED costs a second, and an error above should not wait for it.
    const { default: red } = (await import('node-red')) as unknown as { default: NodeRed };
    // As in production, an error of a route is answered without its stack.
    const application = express().disable('x-powered-by').set('env', 'production');
    door.behind.on('request', application);
    red.init(door.behind, settingsFor(options, editorPass));
    application.use('/admin', red.httpAdmin);
    application.use('/', red.httpNode);
    await red.start();
    return {
      ...addresses,
      stop: async () => {
        await red.stop();
        await door.close();
      },
    };
  } catch (thrown) {
    await door.close();
    throw thrown;
  }
}

async function openPorts(
  door: FrontDoor,
  { host, port, webhookPort, dashboardPort }: NodeRedOptions,
): Promise<Omit<RunningNodeRed, 'stop'>> {
  const named = (taken: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
  const address = named(await door.listen(host, port, 'everything'));
  const webhookAddress = webhookPort === null ? null : named(await door.listen(host, webhookPort, 'webhook'));
  const dashboardAddress = dashboardPort === null ? null : named(await door.listen(host, dashboardPort, 'dashboard'));
  return { address, webhookAddress, dashboardAddress };
}

function settingsFor(
  { userDirectory, credentialSecret, signIn }: NodeRedOptions,
  editorPass: EditorPass,
): Record<string, unknown> {
  const { practice, publicUrl } = signIn.policy;
  return {
    userDir: userDirectory,
    flowFile: join(userDirectory, 'flows.json'),
    flowFilePretty: true,
    httpAdminRoot: '/admin',
    httpNodeRoot: '/',
    credentialSecret,
    // In practice on this machine alone nobody is asked, and the editor shows nobody to sign out.
    ...(practice && publicUrl === null ? {} : { adminAuth: editorPass.adminAuth }),
    dashboard: dashboardAccess(signIn),
    // Nothing is sent anywhere unasked, and the editor does not open with a question about it.
    telemetry: { enabled: false },
    contextStorage: { default: { module: 'localfilesystem' } },
    editorTheme: { page: { title: 'Billing Audit' }, header: { title: 'Billing Audit' }, tours: false },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  };
}
