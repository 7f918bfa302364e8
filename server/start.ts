import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accessOfDoor, AccessRecorder, EditorWatch, settingsWritten } from './access-log';
import { namedStore, StoreUnavailable } from '../lib/store';
import { refuseMoved } from '../lib/runtime/moved-home';
import { checkBefore, refuseSecond } from './before-start';
import type { Configuration } from './configuration';
import { dashboardAddress } from './dashboard-address';
import { placeFirstFlows } from './first-flow';
import { ShippedFlow, VersionShelf } from './flow-versions';
import { openHome } from './home';
import { httpOverFetch } from '../lib/runtime/http-over-fetch';
import { startHeartbeat, type Heartbeat } from './heartbeat';
import { keyFile } from './key-file';
import { openJournal, type LogFile } from './logs';
import { readBackupSettings, startNightly, withoutNightly } from './backup';
import type { Sleep } from '../lib/ports';
import { lookIntoNamed, paletteFolder } from './look-into-store';
import { useNetworkSettings } from './network';
import { startNodeRed, type Addresses, type ServerParts } from './node-red';
import { logAccess, logFailure, openSignIn } from './open-sign-in';
import { startPractice, type PracticeOffice } from './practice';
import type { NewPassword } from './sign-in';
import { placeOfServer, type SetupPlace } from './setup';
import { smartsheetOfServer } from './smartsheet-of-server';
import { timeZoneOf } from './time-zone';
import { version } from './version';

export interface Started {
  readonly address: string;
  readonly practice: PracticeOffice | null;
  readonly home: string;
  readonly webhookAddress: string | null;
  readonly dashboardAddress: string | null;
  readonly flowWasPlaced: boolean;
  stop(): Promise<void>;
}

/** Where the build put what the server needs beside itself. */
export interface Assets {
  /** The command line's own program. */
  readonly program: string;
  readonly sandboxProgram: string;
  readonly firstFlow: string;
  readonly dashboardFlow: string;
}

/** Takes the passwords that the first start makes, to show them at once: what comes after may fail. */
export type ShowPasswords = (made: readonly NewPassword[]) => void;

/**
 * Runs the main job: Node-RED with our palette and flow on the embedded store; without a token against a local
 * Smartsheet, in a home of its own.
 * @param environment  the variables that nodes read; what practice mode decides is written into it
 */
export async function start(
  configuration: Configuration,
  assets: Assets,
  environment: NodeJS.ProcessEnv,
  showPasswords: ShowPasswords,
): Promise<Started> {
  const setup = placeOfServer(environment, configuration.home, [assets.firstFlow, assets.dashboardFlow]);
  const { folder, practice: practising } = openHome(configuration.home, configuration.smartsheetToken);
  checkBefore(configuration, environment, practising);
  await refuseSecond(folder, environment);
  useNetworkSettings(environment);
  const { log, onFailure, onAccess } = openJournal(folder, environment, { onAccess: logAccess, onFailure: logFailure });
  const access = new AccessRecorder({ home: folder, folder: join(folder, 'access'), onFailure });
  if (!practising) await tryNamedStore(folder, environment, onFailure);
  const { signIn, made } = await openSignIn(folder, practising, configuration, (event) => {
    onAccess(event);
    access.record(accessOfDoor(event));
  });
  if (made.length > 0) showPasswords(made);
  const practice = practising
    ? await startPractice({
        program: assets.sandboxProgram,
        port: configuration.sandboxPort,
        state: join(folder, 'office'),
        timeZone: timeZoneOf(environment['BUSINESS_TIME_ZONE']),
        onFailure,
      })
    : null;
  const userDirectory = join(folder, 'node-red');
  const flowWasPlaced = placeFlows(userDirectory, setup);
  setVariables(environment, variablesFor(configuration, folder, practice), practising);
  try {
    const nodeRed = await startNodeRed({
      ...configuration,
      userDirectory,
      credentialSecret: keyFile(join(folder, 'keys', 'node-red-credentials')),
      signIn,
      timeZone: timeZoneOf(environment['BUSINESS_TIME_ZONE']),
      onFailure,
      onListening: (taken) => Object.assign(environment, addressesFor(configuration, taken, practising)),
      parts: partsFor(folder, setup, log, access, () => smartsheetOfServer(environment)),
    });
    const { address, webhookAddress, dashboardAddress } = nodeRed;
    const beside = practice ? [] : startBeside(configuration, folder, environment, { address, assets, log });
    log.write({ level: 'info', from: 'server', message: 'started', version, address, practice: practising });
    return {
      address,
      webhookAddress,
      dashboardAddress,
      practice,
      home: folder,
      flowWasPlaced,
      stop: () => stopAll({ beside, access, nodeRed, practice, log }),
    };
  } catch (thrown) {
    await access.close();
    await practice?.close();
    throw thrown;
  }
}

interface Running {
  readonly beside: readonly { stop(): Promise<void> }[];
  readonly access: AccessRecorder;
  readonly nodeRed: { stop(): Promise<void> };
  readonly practice: PracticeOffice | null;
  readonly log: LogFile;
}

async function stopAll({ beside, access, nodeRed, practice, log }: Running): Promise<void> {
  for (const each of beside) await each.stop();
  // While the nodes have the store open.
  await access.flush();
  await nodeRed.stop();
  await access.close();
  await practice?.close();
  log.write({ level: 'info', from: 'server', message: 'stopped' });
  log.close();
}

/**
 * A database that is named wrongly, lets nobody in or was not migrated is told now, and not by a node that is red; so is a
 * store that was moved away. A database that is away for the moment is waited for.
 * @throws BadSetting, StoreMisconfigured, MigrationMissing, StoreRefused, StoreMoved
 */
async function tryNamedStore(
  folder: string,
  environment: NodeJS.ProcessEnv,
  onFailure: (failure: unknown) => void,
): Promise<void> {
  if (namedStore(environment).kind === 'embedded') refuseMoved({ store: join(folder, 'store') });
  try {
    await lookIntoNamed(environment);
  } catch (thrown) {
    if (!(thrown instanceof StoreUnavailable)) throw thrown;
    onFailure(thrown);
  }
}

/** What runs beside Node-RED, where it is set up. */
function startBeside(
  { heartbeatUrl }: Configuration,
  home: string,
  environment: NodeJS.ProcessEnv,
  { address, assets, log }: { readonly address: string; readonly assets: Assets; readonly log: LogFile },
): readonly { stop(): Promise<void> }[] {
  const parts = [heartbeatOf(heartbeatUrl, address, log), nightlyOf(home, environment, assets, log)];
  return parts.filter((each) => each !== null);
}

/** A wrong setting is told at once, before anything listens; see `start`. */
function nightlyOf(
  home: string,
  environment: NodeJS.ProcessEnv,
  { program }: Assets,
  log: LogFile,
): ReturnType<typeof startNightly> | null {
  const settings = readBackupSettings(environment);
  if (settings === null) {
    withoutNightly(home);
    return null;
  }
  return startNightly({
    settings,
    home,
    environment,
    assets: paletteFolder(),
    program,
    now: Date.now,
    sleep: quietSleep,
    say: (level, message) => log.write({ level, from: 'backup', message }),
  });
}

/** Keeps no process alive. */
const quietSleep: Sleep = async (milliseconds, signal) => {
  await delay(milliseconds, undefined, { ref: false, ...(signal && { signal }) });
};

function heartbeatOf(url: string | null, address: string, log: LogFile): Heartbeat | null {
  if (url === null) return null;
  return startHeartbeat({
    url,
    healthUrl: new URL('/health', address).href,
    seconds: 60,
    http: httpOverFetch(),
    now: Date.now,
    sleep: quietSleep,
    say: (level, message) => log.write({ level, from: 'heartbeat', message }),
  });
}

/** A newer flow is offered from then on, so what was placed has to be remembered now, and not when somebody asks. */
function placeFlows(userDirectory: string, { shippedFlows }: SetupPlace): boolean {
  const wasPlaced = placeFirstFlows(userDirectory, shippedFlows);
  if (wasPlaced) shippedFlow(userDirectory, shippedFlows).seen();
  return wasPlaced;
}

function shippedFlow(userDirectory: string, files: readonly string[]): ShippedFlow {
  return new ShippedFlow(files, join(userDirectory, 'versions', 'shipped-flow-seen'));
}

function partsFor(
  home: string,
  setup: SetupPlace,
  log: LogFile,
  access: AccessRecorder,
  smartsheet: ServerParts['smartsheet'],
): ServerParts {
  const record: AccessRecorder['record'] = (event) => access.record(event);
  const userDirectory = join(home, 'node-red');
  return {
    home,
    log,
    setup,
    editorWatch: new EditorWatch(Date.now, record),
    onSettings: (by, changed) => {
      log.write({ level: 'info', from: 'server', message: 'settings written', by, changed });
      record(settingsWritten(by, changed, Date.now()));
    },
    now: Date.now,
    smartsheet,
    shelf: new VersionShelf(join(userDirectory, 'versions'), Date.now),
    shipped: shippedFlow(userDirectory, setup.shippedFlows),
  };
}

/** What would lead out of practice: a mail to somebody, a line in a database that others use. */
const REAL_CONNECTIONS = [
  'ALERT_TO',
  'ALERT_FROM',
  'SMTP_URL',
  'HEARTBEAT_URL',
  'DATABASE_URL',
  'SUPABASE_URL',
  'SUPABASE_SECRET_KEY',
  'SUPABASE_PUBLISHABLE_KEY',
  'BACKUP_DIR',
  'ANCHOR_FOLDER',
  'ANCHOR_GIT',
  'ANCHOR_URL',
  'ANCHOR_TOKEN',
  'ANCHOR_MAIL_TO',
  'SEAL_KEY',
  'SEAL_KEY_BEFORE',
] as const;

function setVariables(environment: NodeJS.ProcessEnv, values: Record<string, string>, practising: boolean): void {
  if (practising) for (const name of REAL_CONNECTIONS) Reflect.deleteProperty(environment, name);
  delete environment['BILLING_AUDIT_PRACTICE'];
  Object.assign(environment, values);
}

/** The variables that the nodes of this process see. Practice never shows them anything real. */
function variablesFor(
  { publicUrl }: Configuration,
  home: string,
  practice: PracticeOffice | null,
): Record<string, string> {
  const ours = { BILLING_AUDIT_HOME: home };
  if (!practice) return { ...ours, ...(publicUrl && { PUBLIC_URL: publicUrl }) };
  return {
    ...ours,
    BILLING_AUDIT_PRACTICE: '1',
    SMARTSHEET_ACCESS_TOKEN: practice.token,
    SMARTSHEET_API_BASE: `${practice.address}/2.0/`,
    SMARTSHEET_SHEETS: practice.sheetIds.join(','),
  };
}

/** Those that hang on the ports that were really taken: 0 asks for any. */
function addressesFor(configuration: Configuration, taken: Addresses, practising: boolean): Record<string, string> {
  const places = practising ? { ...configuration, dashboardUrl: null } : configuration;
  return {
    BILLING_AUDIT_ADDRESS: taken.address,
    BILLING_AUDIT_DASHBOARD_URL: dashboardAddress(places, taken, hostname()),
    ...(practising && { PUBLIC_URL: taken.address }),
  };
}
