import { join } from 'node:path';
import { z } from 'zod';
import { BillingAuditError } from '../lib/errors';
import type { Http } from '../lib/ports';
import { readRuntimeNote } from '../lib/runtime/home';

const healthAnswer = z.object({
  status: z.enum(['ok', 'degraded', 'down']),
  checks: z.array(z.object({ name: z.string(), status: z.enum(['ok', 'degraded', 'down']), text: z.string() })),
  counts: z.object({ events: z.number() }).nullish(),
});

/** What `/health` of a running server says. */
export type HealthAnswer = z.infer<typeof healthAnswer>;

export interface RunningServer {
  readonly pid: number;
  readonly startedAt: string;
  /** `http://host:port` as seen from this machine. */
  readonly address: string;
}

/** A home belongs to one server at a time. */
export class RunsAlready extends BillingAuditError {
  readonly code = 'runs_already';
  readonly hint: string;

  constructor(home: string, { pid, address }: RunningServer) {
    super(`Billing Audit runs already: process ${pid} has ${home} open, at ${address}.`, { home, pid, address });
    this.hint = `Open ${address}/dashboard; to start it anew, stop that process first. Another server needs a BILLING_AUDIT_HOME (--home) of its own.`;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
const HEALTH_MILLISECONDS = 5_000;

/**
 * The server that has a home open on this machine.
 * @param home  absolute; of practice, its `sandbox`
 * @param environment  HOST and PORT, for a server that did not write down its address
 * @returns null when nothing wrote `runtime.json`, or who wrote it is gone
 */
export function runningServer(home: string, environment: Environment): RunningServer | null {
  const note = readRuntimeNote({ runtimeFile: join(home, 'runtime.json') });
  if (note === null || !isAlive(note.pid)) return null;
  return { pid: note.pid, startedAt: note.started_at, address: note.address ?? addressIn(environment) };
}

/** @returns null when nothing of ours answers there */
export async function healthAt(address: string, http: Http): Promise<HealthAnswer | null> {
  try {
    const { body } = await http({
      method: 'GET',
      url: `${address}/health`,
      timeoutMilliseconds: HEALTH_MILLISECONDS,
    });
    return healthAnswer.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

function addressIn(environment: Environment): string {
  const host = environment['HOST']?.trim() || '127.0.0.1';
  const port = environment['PORT']?.trim() || '1880';
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
