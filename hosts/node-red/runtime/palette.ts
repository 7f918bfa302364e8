import { join, resolve } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { registerDashboardPlugin } from '../dashboard-plugin';
import { credentialType, nodeType } from '../names';
import { openEditorRoutes } from '../web/editor-routes';
import { openPublicRoutes } from '../web/public-routes';
import { actionConstructor } from './action-node';
import { watchConfiguration } from './configuration-watch';
import { credentialConstructor, credentialTypes, settingsConstructor } from './config-nodes';
import type { House, PaletteParts } from './house';
import { openJobs } from './jobs';
import { line } from './node-log';
import { RuntimeHolder } from './runtime-holder';
import { SharedSettings } from './shared-settings';
import { triggerConstructor } from './trigger-node';

export interface Palette {
  /** Registers one node or credential by the name of its definition; called by the small file that Node-RED loads. */
  register(RED: NodeAPI, name: string): void;
  /** Registers what Dashboard 2.0 is told of; called by the plugin file. */
  registerDashboard(RED: NodeAPI): void;
}

/** Makes the palette out of definitions. What its nodes share is made with the first of them, once per process. */
export function createPalette(parts: PaletteParts): Palette {
  let house: House | null = null;
  return {
    registerDashboard: registerDashboardPlugin,
    register: (RED, name) => {
      if (!house) {
        house = buildHouse(RED, parts);
        openEditorRoutes(house);
        watchConfiguration(house, homeOf(RED, parts.environment), paletteLog(RED));
      }
      // `RED._` looks into the catalogue of the set that is being loaded, so each node keeps its own RED.
      registerOne({ ...house, RED }, name);
    },
  };
}

function registerOne(house: House, name: string): void {
  const { RED, parts } = house;
  const credential = parts.credentials.find((each) => each.name === name);
  if (credential) {
    RED.nodes.registerType(credentialType(credential), credentialConstructor(house), {
      credentials: credentialTypes(credential),
    });
    return;
  }
  const definition = parts.nodes.find((each) => each.name === name);
  if (!definition) throw new Error(`The palette has no node named "${name}".`);
  const type = nodeType(definition);
  if (definition.role === 'settings') RED.nodes.registerType(type, settingsConstructor(house, definition));
  else if (definition.role === 'trigger') RED.nodes.registerType(type, triggerConstructor(house, definition));
  else RED.nodes.registerType(type, actionConstructor(house, definition));
}

function buildHouse(RED: NodeAPI, parts: PaletteParts): House {
  const log = paletteLog(RED);
  const flow: House['flow'] = { version: null };
  const closers = new WeakMap<Runtime, () => Promise<void>>();
  const open = async (): Promise<Runtime> => {
    const runtime = await parts.openRuntime({
      home: homeOf(RED, parts.environment),
      log,
      tellsConfiguration: true,
      flowVersion: () => flow.version,
    });
    const closeRoutes = openPublicRoutes(RED, runtime, log);
    const endJobs = openJobs(parts, runtime, log);
    closers.set(runtime, async () => {
      closeRoutes();
      await endJobs();
    });
    return runtime;
  };
  const close = async (runtime: Runtime): Promise<void> => {
    await closers.get(runtime)?.();
    await runtime.close();
  };
  return { RED, parts, runtimes: new RuntimeHolder(open, close), shared: new SharedSettings(), flow };
}

/** `BILLING_AUDIT_HOME`, else a folder beside the flows: the working directory of a service is often not writable. */
function homeOf(RED: NodeAPI, environment: PaletteParts['environment']): string {
  const { userDir } = RED.settings as { readonly userDir?: string };
  return resolve(environment['BILLING_AUDIT_HOME'] || join(userDir ?? process.cwd(), '.billing-audit'));
}

function paletteLog({ log }: NodeAPI): Log {
  const prefixed = (message: string, context?: Record<string, unknown>) => `[billing-audit] ${line(message, context)}`;
  return {
    debug: (message, context) => log.debug(prefixed(message, context)),
    info: (message, context) => log.info(prefixed(message, context)),
    warn: (message, context) => log.warn(prefixed(message, context)),
    error: (message, context) => log.error(prefixed(message, context)),
  };
}
