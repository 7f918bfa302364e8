import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from '../../../../server/configuration';
import { startNodeRed } from '../../../../server/node-red';
import { openSignIn } from '../../../../server/open-sign-in';

/**
 * The program that the tests talk to: a real Node-RED with the real dashboard behind the real door, on a clock that the
 * test can put forward. It is told what to be in its first argument and reports over the IPC channel.
 */
export interface ServerOptions {
  readonly home: string;
  readonly practice: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** In the place of the small dashboard below. */
  readonly dashboard?: readonly object[];
}

const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
let ahead = 0;

function httpRoute(id: string, method: string, url: string): object[] {
  return [
    { id: `${id}-in`, type: 'http in', z: 'tab', name: '', url, method, upload: false, wires: [[`${id}-change`]] },
    {
      id: `${id}-change`,
      type: 'change',
      z: 'tab',
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: `answer of ${url}`, tot: 'str' }],
      wires: [[`${id}-out`]],
    },
    { id: `${id}-out`, type: 'http response', z: 'tab', statusCode: '', headers: {}, wires: [] },
  ];
}

const flows = [
  { id: 'tab', type: 'tab', label: 'Test' },
  ...httpRoute('webhook', 'post', '/webhook'),
  ...httpRoute('health', 'get', '/health'),
  ...httpRoute('rpc', 'post', '/rest/v1/rpc/x'),
];

const smallDashboard = [
  {
    id: 'base',
    type: 'ui-base',
    name: 'Dashboard',
    path: '/dashboard',
    includeClientData: true,
    acceptsClientConfig: [],
  },
  {
    id: 'theme',
    type: 'ui-theme',
    name: 'Theme',
    colors: { surface: '#ffffff', primary: '#0094ce', bgPage: '#eeeeee', groupBg: '#ffffff', groupOutline: '#cccccc' },
    sizes: { pagePadding: '12px', groupGap: '12px', groupBorderRadius: '4px', widgetGap: '12px' },
  },
  {
    id: 'page',
    type: 'ui-page',
    name: 'Overview',
    ui: 'base',
    path: '/overview',
    layout: 'grid',
    theme: 'theme',
    order: 1,
  },
];

async function main(): Promise<void> {
  const { home, practice, environment, dashboard } = options;
  const userDirectory = join(home, 'node-red');
  mkdirSync(userDirectory, { recursive: true });
  mkdirSync(join(home, 'keys'), { recursive: true });
  writeFileSync(join(userDirectory, 'flows.json'), JSON.stringify([...flows, ...(dashboard ?? smallDashboard)]));
  const configuration = readConfiguration({ port: environment['PORT'] ?? '0', home }, environment);
  const { signIn, made } = await openSignIn(
    home,
    practice,
    configuration,
    (event) => void process.send?.({ event }),
    () => Date.now() + ahead,
  );
  const nodeRed = await startNodeRed({
    ...configuration,
    userDirectory,
    credentialSecret: 'only for tests',
    signIn,
    timeZone: 'America/Chicago',
    onFailure: (failure) => void process.send?.({ failure: String(failure) }),
  });
  process.on('message', (message: { ahead?: number; stop?: true }) => {
    ahead += message.ahead ?? 0;
    if (message.stop) void nodeRed.stop().then(() => process.exit(0));
    else process.send?.({ ahead });
  });
  const { address, webhookAddress, dashboardAddress } = nodeRed;
  await untilFlowsAnswer(address);
  process.send?.({ ready: { address, webhookAddress, dashboardAddress, made } });
}

/** The server takes requests before the routes of its flows are there. */
async function untilFlowsAnswer(address: string): Promise<void> {
  while ((await fetch(`${address}/health`)).status === 404) await new Promise((done) => setTimeout(done, 25));
}

main().catch((thrown: { code?: string; message?: string }) => {
  process.send?.({ refused: { code: thrown.code, message: thrown.message } }, () => process.exit(3));
});
