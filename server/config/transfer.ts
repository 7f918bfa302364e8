import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { readAddresses } from '../../lib/alerts';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { completeSettings } from '../../lib/settings';
import { readConfiguration } from '../configuration';
import { changedText, flowFileOf, readEnvFile, readFlow, writeEnvFile, writeFlow, type SavedNode } from '../setup';
import { writePrivateFile } from '../sign-in/private-file';
import { ourVariables, VARIABLES } from '../variables';
import type { ConfigurationFile } from './configuration-file';
import { KINDS, nodeFor, settingsIn, type Kind } from './node-settings';

/** Where settings are read from and written to. */
export interface ConfigurationPlace {
  readonly envPath: string;
  /** What holds: `.env`, overruled by the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home in use. */
  readonly folder: string;
  /** A server has the home open, and would write over the flow. */
  readonly serverRuns: boolean;
}

export interface Difference {
  /** `.env`, or the node by its name. */
  readonly where: string;
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface ImportPlan {
  readonly differences: readonly Difference[];
  readonly variables: Readonly<Record<string, string>>;
  /** The whole flow as it would be; null: it stays. */
  readonly flow: readonly SavedNode[] | null;
}

/** The flow belongs to a running server. */
export class ServerRunning extends BillingAuditError {
  readonly code = 'server_running';
  readonly hint = 'Stop the server first, or change these settings in its editor.';

  constructor() {
    super('Settings of the flow cannot be imported while the server runs: it would write over them.');
  }
}

const SUFFIX = '.before-import';

/** @throws FlowUnreadable */
export function exportConfiguration(place: ConfigurationPlace, exportedAt: string): ConfigurationFile {
  const nodes = readFlow(flowFileOf(place.folder)) ?? [];
  const set = ourVariables(place.environment);
  const secret = (name: string): boolean => VARIABLES.some((each) => each.name === name && each.secret);
  return {
    format: 'billing-audit-configuration',
    version: 1,
    exported_at: exportedAt,
    variables: Object.fromEntries(Object.entries(set).filter(([name]) => !secret(name))),
    secrets_set: Object.keys(set).filter(secret),
    billing_settings: [...settingsIn(nodes, 'billing_settings')],
    alert_rules: [...settingsIn(nodes, 'alert_rules')],
  };
}

/**
 * What an import would change. Settings that the file does not name stay as they are.
 * @throws BadSetting  naming a variable, node, field or value that cannot be
 * @throws EnvFileDamaged, FlowUnreadable
 */
export function planImport(place: ConfigurationPlace, file: ConfigurationFile): ImportPlan {
  checkVariables(file.variables);
  const present = readEnvFile(place.envPath).values;
  const changed = Object.entries(file.variables).filter(([name, value]) => (present[name] ?? '') !== value);
  const variables = changed.map(([name, after]) => ({ where: '.env', name, before: present[name] ?? '', after }));
  const before = readFlow(flowFileOf(place.folder)) ?? [];
  const { flow, differences } = changedFlow(before, file);
  return {
    differences: [...variables, ...differences],
    variables: Object.fromEntries(changed),
    flow: differences.length === 0 ? null : flow,
  };
}

/**
 * Writes a plan; what was there goes beside each file.
 * @returns the copies, to put back by hand or with `undoImport`
 * @throws ServerRunning, EnvFileNotWritable
 */
export function applyImport(place: ConfigurationPlace, { variables, flow }: ImportPlan): readonly string[] {
  if (flow !== null && place.serverRuns) throw new ServerRunning();
  const copies: string[] = [];
  const flowFile = flowFileOf(place.folder);
  if (flow !== null) {
    writePrivateFile(`${flowFile}${SUFFIX}`, readFileSync(flowFile, 'utf8'));
    copies.push(`${flowFile}${SUFFIX}`);
    writeFlow(flowFile, flow);
  }
  if (Object.keys(variables).length > 0) {
    const file = readEnvFile(place.envPath);
    const copy = writeEnvFile(file, changedText(file, variables), SUFFIX);
    if (copy !== null) copies.push(copy);
  }
  return copies;
}

/**
 * Puts back what the last import replaced; doing it twice brings the import back.
 * @returns the files that were put back
 * @throws ServerRunning  when the flow is among them
 */
export function undoImport(place: ConfigurationPlace): readonly string[] {
  const files = [place.envPath, flowFileOf(place.folder)].filter((file) => existsSync(`${file}${SUFFIX}`));
  if (place.serverRuns && files.includes(flowFileOf(place.folder))) throw new ServerRunning();
  for (const file of files) {
    const [now, then] = [readFileSync(file, 'utf8'), readFileSync(`${file}${SUFFIX}`, 'utf8')];
    writePrivateFile(`${file}${SUFFIX}`, now);
    writePrivateFile(file, then);
  }
  return files;
}

function changedFlow(
  before: readonly SavedNode[],
  file: ConfigurationFile,
): { readonly flow: readonly SavedNode[]; readonly differences: readonly Difference[] } {
  const differences: Difference[] = [];
  let flow = before;
  for (const kind of Object.keys(KINDS) as Kind[]) {
    for (const settings of file[kind]) {
      const node = nodeFor(before, kind, settings);
      const changed = Object.entries(settings.values).filter(([name, value]) => !isDeepStrictEqual(node[name], value));
      const where = `${KINDS[kind].called} "${settings.name || node.id}"`;
      for (const [name, after] of changed)
        differences.push({ where, name, before: textOf(node[name]), after: textOf(after) });
      flow = flow.map((each) => (each.id === node.id ? { ...each, ...Object.fromEntries(changed) } : each));
    }
  }
  return { flow, differences };
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(variables)) {
    const known = VARIABLES.find((variable) => variable.name === name);
    const names = VARIABLES.filter(({ secret }) => !secret).map((variable) => variable.name);
    if (known === undefined)
      throw new BadSetting(name, 'is no setting of this product', `Known are: ${names.join(', ')}.`);
    if (known.secret)
      throw new BadSetting(name, 'is a secret', 'Secrets are not imported; set it with billing-audit setup.');
  }
  readConfiguration({}, variables);
  completeSettings({ environment: variables });
  readAddresses(variables['ALERT_TO'] ?? '', 'ALERT_TO');
}

function textOf(value: unknown): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
