import type { LogFile, LogLevel } from './log-file';

/** What Node-RED hands to a log handler. */
export interface NodeRedRecord {
  readonly level: number;
  readonly msg?: unknown;
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
  /** Audit records: what was done. */
  readonly event?: string;
  readonly user?: { readonly username?: string } | null;
  readonly path?: string;
  readonly error?: string;
  readonly [field: string]: unknown;
}

const LEVELS: Readonly<Record<number, LogLevel>> = { 10: 'error', 20: 'error', 30: 'warn', 40: 'info', 50: 'debug' };
const AUDIT = 98;
/** Reads, and what each request of the editor says about its pass. */
const NOT_WORTH_A_LINE = /^comms\.|\.get$|^auth\.invalid-token$|^permission\.fail$/;

/**
 * Node-RED's `settings.logging`: its own lines, and what people do in the editor, go into the log of the server.
 * @param onAudit  gets every record of what people do, reads too
 */
export function nodeRedLogging(
  log: Pick<LogFile, 'write'>,
  onAudit: (record: NodeRedRecord) => void = () => undefined,
): Readonly<Record<string, unknown>> {
  return {
    console: { level: 'warn', metrics: false, audit: false },
    file: {
      level: 'info',
      metrics: false,
      audit: true,
      handler: () => (record: NodeRedRecord) => {
        if (record.level === AUDIT) onAudit(record);
        const line = lineOf(record);
        if (line) log.write(line);
      },
    },
  };
}

function lineOf(record: NodeRedRecord): Parameters<LogFile['write']>[0] | null {
  const { level, msg, id, type, name, event, user, path, error } = record;
  if (level === AUDIT) {
    if (event === undefined || NOT_WORTH_A_LINE.test(event)) return null;
    const about = { user: user?.username ?? null, path, error, kind: type };
    return { level: 'audit', from: 'editor', message: event, ...about };
  }
  const failure = msg instanceof Error ? { stack: msg.stack } : {};
  return {
    level: LEVELS[level] ?? 'info',
    from: 'node-red',
    message: textOf(msg),
    ...(id !== undefined && { node: { id, type, name } }),
    ...failure,
  };
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message;
  if (typeof message === 'string') return message;
  const inside = (message as { readonly message?: unknown } | null)?.message;
  return typeof inside === 'string' ? inside : JSON.stringify(message);
}
