import type { Node } from 'node-red';
import type { Log } from '../../../lib/ports';

/** A node's own lines in Node-RED's log. */
export function nodeLog(node: Pick<Node, 'debug' | 'log' | 'warn' | 'error'>): Log {
  return {
    debug: (message, context) => node.debug(line(message, context)),
    info: (message, context) => node.log(line(message, context)),
    warn: (message, context) => node.warn(line(message, context)),
    error: (message, context) => node.error(line(message, context)),
  };
}

export function line(message: string, context: Record<string, unknown> = {}): string {
  return Object.keys(context).length ? `${message} ${JSON.stringify(context)}` : message;
}
