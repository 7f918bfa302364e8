import { sleep } from 'n8n-workflow';
import type { Log, Ports, Sleep } from '../../../lib/ports';
import type { Context } from './context';
import { inWordsOfN8n } from './words';

/** Time, chance and log as n8n lends them; it allows no timers of our own. */
export function machineOf(context: Context): Pick<Ports, 'now' | 'sleep' | 'random' | 'log'> {
  return { now: () => Date.now(), sleep: sleeping, random: () => Math.random(), log: logOf(context) };
}

const sleeping: Sleep = (milliseconds, signal) =>
  signal ? Promise.race([sleep(milliseconds), untilAborted(signal)]) : sleep(milliseconds);

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function logOf({ logger }: Context): Log {
  return {
    debug: (message, facts) => logger.debug(inWordsOfN8n(message), facts),
    info: (message, facts) => logger.info(inWordsOfN8n(message), facts),
    warn: (message, facts) => logger.warn(inWordsOfN8n(message), facts),
    error: (message, facts) => logger.error(inWordsOfN8n(message), facts),
  };
}
