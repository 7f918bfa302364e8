import type { Server } from 'node:http';
import { join } from 'node:path';
import express, { type Router } from 'express';
import type { Now } from '../lib/ports';
import { flowVersionRoutes, keepingStorage, localStorageOfNodeRed } from './flow-versions';
import type { FlowNode, ShippedFlow, VersionShelf } from './flow-versions';
import type { EditorWatch } from './access-log';
import { directoryRoutes } from './directory';
import { nodeRedLogging, type LogFile } from './logs';
import { whereNobodyAnswers, whileStarting } from './metrics';
import { thisMachine } from '../lib/runtime/machine';
import { ownRoutes } from './own-routes';
import type { SheetReader } from './people';
import { rpcRefused } from './rpc';
import { setupRoutes, type SetupPlace } from './setup';
import { dashboardAccess, EditorPass, FrontDoor, signInPages, type SignIn, type Visitor } from './sign-in';
import { nothingHere } from './sign-in/pages';

// The type package describes Node-RED 1.3; these are the parts of 5's embedding interface that we use.
interface NodeRed {
  init(server: Server, settings: Record<string, unknown>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly httpAdmin: express.Application;
  readonly httpNode: express.Application;
  readonly runtime: {
    readonly flows: {
      getFlows(options: object): Promise<{ readonly flows: readonly FlowNode[] }>;
      setFlows(options: {
        readonly flows: { readonly flows: readonly FlowNode[] };
        readonly deploymentType: 'full';
        readonly user: { readonly username: string };
        /** What Node-RED's audit log tells of it. */
        readonly req: { readonly user: { readonly username: string }; readonly path: string };
      }): Promise<unknown>;
    };
  };
}

/** What the server adds to Node-RED: its own routes, kept versions of the flows, its log. */
export interface ServerParts {
  /** Of the store that this server has open. */
  readonly home: string;
  readonly shelf: VersionShelf;
  readonly shipped: ShippedFlow;
  readonly log: LogFile;
  /** Hears of what people do in the editor. */
  readonly editorWatch: EditorWatch;
  /** Settings of the server were written on its pages. */
  readonly onSettings: (by: string, changed: readonly string[]) => void;
  readonly now: Now;
  /** Smartsheet as pages of the server read it. @throws BadSetting */
  readonly smartsheet: () => SheetReader;
  /** Where the first-run pages read and write; without it there are none. */
  readonly setup?: SetupPlace;
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
  /** Absent: nothing but Node-RED behind the door. */
  readonly parts?: ServerParts;
  /** The ports are taken; nothing of Node-RED has started yet. */
  readonly onListening?: (taken: Addresses) => void;
  /** A request that failed inside the server; it has been answered. */
  readonly onFailure: (failure: unknown) => void;
}

/** `http://host:port` each, with the port that was really taken. */
export interface Addresses {
  readonly address: string;
  readonly webhookAddress: string | null;
  readonly dashboardAddress: string | null;
}

export interface RunningNodeRed extends Addresses {
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
    refusedForm: rpcRefused,
    onFailure,
  });
  try {
    // As in production, an error of a route is answered without its stack.
    const application = express().disable('x-powered-by').set('env', 'production');
    const running: { red: NodeRed | null } = { red: null };
    application.use(whileStarting(() => running.red === null));
    if (options.parts) application.use(routesOf(options, options.parts, () => running.red));
    door.behind.on('request', application);
    const addresses = await openPorts(door, options);
    options.onListening?.(addresses);
    // Loaded late: requiring Node-RED costs a second, and an error above should not wait for it.
    const { default: red } = (await import('node-red')) as unknown as { default: NodeRed };
    red.init(door.behind, settingsFor(options, editorPass));
    application.use('/admin', red.httpAdmin);
    application.use('/', red.httpNode);
    if (options.parts) application.use(whereNobodyAnswers(options.parts.home));
    application.use(nothingHere());
    await red.start();
    running.red = red;
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

function routesOf(
  { signIn, timeZone, onFailure }: NodeRedOptions,
  parts: ServerParts,
  red: () => NodeRed | null,
): Router {
  const { home, shelf, shipped, now, onSettings, smartsheet, setup: place } = parts;
  const flowVersions = flowVersionRoutes({
    signIn,
    shelf,
    shipped,
    timeZone,
    current: async () => (await red()?.runtime.flows.getFlows({}))?.flows ?? null,
    deploy: async (flows, username) => {
      const by = { user: { username }, req: { user: { username }, path: '/flows/versions' } };
      await red()?.runtime.flows.setFlows({ flows: { flows }, deploymentType: 'full', ...by });
    },
  });
  const setup = place && setupRoutes({ signIn, place, tools: thisMachine(), onSaved: onSettings });
  const directory = directoryRoutes({ signIn, home, smartsheet, timeZone, now, onFailure });
  const practice = signIn.policy.practice;
  const formToken = (visitor: Visitor): string => signIn.formToken(visitor);
  const own = { home, practice, timeZone, now, formToken, flowVersions, directory, onFailure };
  return ownRoutes({ ...own, ...(setup && { setup }) });
}

async function openPorts(
  door: FrontDoor,
  { host, port, webhookPort, dashboardPort }: NodeRedOptions,
): Promise<Addresses> {
  const named = (taken: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
  const address = named(await door.listen(host, port, 'everything'));
  const webhookAddress = webhookPort === null ? null : named(await door.listen(host, webhookPort, 'webhook'));
  const dashboardAddress = dashboardPort === null ? null : named(await door.listen(host, dashboardPort, 'dashboard'));
  return { address, webhookAddress, dashboardAddress };
}

function settingsFor(
  { userDirectory, credentialSecret, signIn, parts, onFailure }: NodeRedOptions,
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
    editorTheme: {
      page: { title: 'Billing Audit' },
      header: { title: 'Billing Audit' },
      tours: false,
      // Else the editor of everybody who opens it asks catalogue.nodered.org.
      palette: { catalogues: [] },
    },
    logging: parts
      ? nodeRedLogging(parts.log, (record) => parts.editorWatch.audited(record))
      : { console: { level: 'warn', metrics: false, audit: false } },
    ...(parts && {
      storageModule: keepingStorage(localStorageOfNodeRed(), parts.shelf, onFailure, (saved) =>
        parts.editorWatch.deployed(saved),
      ),
    }),
  };
}
