import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { SETTINGS_TYPE } from '../../hosts/node-red/names';
import { writePrivateFile } from '../sign-in/private-file';

const flowFile = z.array(z.looseObject({ id: z.string(), type: z.string() }));

/** A node as a flow file holds it. */
export type SavedNode = z.infer<typeof flowFile>[number];

/** A flow file that is there and cannot be read. */
export class FlowUnreadable extends BillingAuditError {
  readonly code = 'flow_unreadable';
  readonly hint = 'Open the editor and deploy, or put back a copy of the file.';

  constructor(file: string, cause: unknown) {
    super(`The flow file ${file} cannot be read: ${messageOf(cause)}.`, { file }, { cause });
  }
}

export function flowFileOf(home: string): string {
  return join(home, 'node-red', 'flows.json');
}

/** @returns null when there is none @throws FlowUnreadable */
export function readFlow(file: string): readonly SavedNode[] | null {
  if (!existsSync(file)) return null;
  try {
    return flowFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (thrown) {
    throw new FlowUnreadable(file, thrown);
  }
}

/** All or nothing. */
export function writeFlow(file: string, nodes: readonly SavedNode[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writePrivateFile(file, `${JSON.stringify(nodes, null, 4)}\n`);
}

/** "Other column names" of the first *Billing settings* of a flow; '' without one. */
export function aliasesIn(nodes: readonly SavedNode[]): string {
  const given = nodes.find(({ type }) => type === SETTINGS_TYPE)?.['columnAliases'];
  return typeof given === 'string' ? given : '';
}

export function withAliases(nodes: readonly SavedNode[], columnAliases: string): readonly SavedNode[] {
  const first = nodes.find(({ type }) => type === SETTINGS_TYPE);
  return nodes.map((node) => (node === first ? { ...node, columnAliases } : node));
}

/** Whether a flow is the shipped one, but for the column names: then nobody's own work is touched. */
export function isShipped(nodes: readonly SavedNode[], shipped: readonly SavedNode[]): boolean {
  const plain = (all: readonly SavedNode[]): Map<string, unknown> =>
    new Map(
      all
        // Node-RED keeps one of these, joined out of all.
        .filter(({ type }) => type !== 'global-config')
        .map(({ columnAliases: _columnAliases, ...rest }) => [rest.id, rest]),
    );
  return isDeepStrictEqual(plain(nodes), plain(shipped));
}
