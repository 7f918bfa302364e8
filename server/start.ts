import { join } from 'node:path';
import { BadSetting } from '../lib/errors';
import { isLoopback, type Configuration } from './configuration';
import { editorAccount } from './editor-account';
import { placeFirstFlow } from './first-flow';
import { openHome } from './home';
import { keyFile } from './key-file';
import { startNodeRed } from './node-red';
import { startPractice, type PracticeOffice } from './practice';

export interface Started {
  readonly address: string;
  readonly practice: PracticeOffice | null;
  readonly home: string;
  /** Shown once, on the first start of a home that is not for practice. */
  readonly newPassword: string | null;
  readonly flowWasPlaced: boolean;
  stop(): Promise<void>;
}

/** Where the build put what the server needs beside itself. */
export interface Assets {
  readonly sandboxProgram: string;
  readonly practiceWorkload: string;
  readonly firstFlow: string;
}

/**
 * Runs the main job: Node-RED with our palette and flow on the embedded store; without a token against a local
 * Smartsheet, in a home of its own.
 * @param environment  the variables that nodes read; what practice mode decides is written into it
 */
export async function start(
  configuration: Configuration,
  assets: Assets,
  environment: NodeJS.ProcessEnv,
): Promise<Started> {
  const { folder, practice: practising } = openHome(configuration.home, configuration.smartsheetToken);
  if (practising && !isLoopback(configuration.host)) {
    throw new BadSetting(
      'HOST',
      `is ${configuration.host}, but practice mode asks nobody who they are`,
      'Leave HOST at 127.0.0.1 to practise, or set SMARTSHEET_ACCESS_TOKEN.',
    );
  }
  const practice = practising
    ? await startPractice({
        program: assets.sandboxProgram,
        port: configuration.sandboxPort,
        workload: assets.practiceWorkload,
      })
    : null;
  const account = practising ? null : editorAccount(folder);
  const userDirectory = join(folder, 'node-red');
  const flowWasPlaced = placeFirstFlow(userDirectory, assets.firstFlow);
  Object.assign(environment, variablesFor(configuration, folder, practice));
  try {
    const nodeRed = await startNodeRed({
      host: configuration.host,
      port: configuration.port,
      userDirectory,
      credentialSecret: keyFile(join(folder, 'keys', 'node-red-credentials')),
      account,
    });
    return {
      address: nodeRed.address,
      practice,
      home: folder,
      newPassword: account?.newPassword ?? null,
      flowWasPlaced,
      stop: async () => {
        await nodeRed.stop();
        await practice?.close();
      },
    };
  } catch (thrown) {
    await practice?.close();
    throw thrown;
  }
}

/** The variables that the nodes of this process see. Practice never shows them anything real. */
function variablesFor(
  { host, port, publicUrl }: Configuration,
  home: string,
  practice: PracticeOffice | null,
): Record<string, string> {
  if (!practice) return { BILLING_AUDIT_HOME: home, ...(publicUrl && { PUBLIC_URL: publicUrl }) };
  return {
    BILLING_AUDIT_HOME: home,
    SMARTSHEET_ACCESS_TOKEN: practice.token,
    SMARTSHEET_API_BASE: `${practice.address}/2.0/`,
    SMARTSHEET_SHEETS: practice.sheetIds.join(','),
    PUBLIC_URL: `http://${host}:${port}`,
  };
}
