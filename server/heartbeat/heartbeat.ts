import { messageOf } from '../../lib/errors';
import type { Http, HttpRequest, Now, Sleep } from '../../lib/ports';

/** What `/health` says, as far as an outside watch is told. */
interface HealthSaid {
  readonly status: 'ok' | 'degraded' | 'down';
  /** The checks that are not well. */
  readonly troubled: readonly string[];
}

export interface HeartbeatOptions {
  /** `HEARTBEAT_URL`. */
  readonly url: string;
  /** Where this server answers `/health`. */
  readonly healthUrl: string;
  readonly seconds: number;
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  /** Told once when the outside watch cannot be reached, and once when it can be again. */
  readonly say: (level: 'info' | 'warn', message: string) => void;
}

export interface Heartbeat {
  stop(): Promise<void>;
}

const TIMEOUT_MILLISECONDS = 10_000;

/**
 * Tells an outside watch every minute that this server lives, and how the watch of the sheets is: what falls silent cannot
 * say so itself. It asks its own `/health` over the network, so that a server that does not answer is not well either.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const ending = new AbortController();
  const running = beat(options, ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

async function beat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { seconds, http, sleep, say } = options;
  let complaint: string | null = null;
  while (!signal.aborted) {
    const problem = await tell(options, await lookAt(options.healthUrl, http));
    if (problem !== null && problem !== complaint) {
      say('warn', `The outside watch (HEARTBEAT_URL) could not be told: ${problem} It is tried again every minute.`);
    }
    if (problem === null && complaint !== null) say('info', 'The outside watch (HEARTBEAT_URL) is told again.');
    complaint = problem;
    await sleep(seconds * 1000, signal).catch(() => undefined);
  }
}

async function lookAt(healthUrl: string, http: Http): Promise<HealthSaid> {
  try {
    const { body } = await http({ method: 'GET', url: healthUrl, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    const { status, checks = [] } = JSON.parse(body) as {
      status?: string;
      checks?: readonly { readonly name: string; readonly status: string }[];
    };
    if (status !== 'ok' && status !== 'degraded') return { status: 'down', troubled: troubledOf(checks, status) };
    return { status, troubled: troubledOf(checks, status) };
  } catch (failure) {
    return { status: 'down', troubled: [`no answer at /health (${messageOf(failure)})`] };
  }
}

function troubledOf(
  checks: readonly { readonly name: string; readonly status: string }[],
  status: string | undefined,
): readonly string[] {
  const names = checks.filter((check) => check.status !== 'ok').map(({ name }) => name);
  return names.length > 0 || status === 'ok' ? names : [status ?? 'unknown'];
}

/** @returns what went wrong; null: it was told */
async function tell({ url, http, now }: HeartbeatOptions, said: HealthSaid): Promise<string | null> {
  try {
    const { status } = await http({
      ...heartbeatCall(url, said, new Date(now()).toISOString()),
      timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    });
    return status >= 200 && status < 300 ? null : `it answered with status ${status}.`;
  } catch (failure) {
    return `${messageOf(failure).replace(/\.$/, '')}.`;
  }
}

/**
 * The request that tells it. An address that holds `{status}` gets `up` or `down` there, and `{text}` what is wrong, by GET
 * (Uptime Kuma); any other gets a POST with the status in its body, and `/fail` at its end when all is not well
 * (healthchecks.io). The body names checks, never what is in a sheet.
 */
export function heartbeatCall(
  url: string,
  { status, troubled }: HealthSaid,
  at: string,
): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const text = troubled.length === 0 ? 'all is well' : troubled.join(', ');
  if (url.includes('{status}')) {
    const filled = url.replace('{status}', status === 'ok' ? 'up' : 'down');
    return { method: 'GET', url: filled.replace('{text}', encodeURIComponent(text)) };
  }
  const address = new URL(url);
  if (status !== 'ok') address.pathname = `${address.pathname.replace(/\/+$/, '')}/fail`;
  return {
    method: 'POST',
    url: address.href,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status, text, at }),
  };
}
