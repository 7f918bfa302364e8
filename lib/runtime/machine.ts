import { setTimeout as delay } from 'node:timers/promises';
import type { Http, Now, Random, Sleep } from '../ports';
import { httpOverFetch } from './http-over-fetch';

/** The ports that do not differ from node to node. */
export interface Machine {
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
}

/** This computer's clock, timers, chance and network. */
export function thisMachine(): Machine {
  return {
    http: httpOverFetch(),
    now: () => Date.now(),
    sleep: async (milliseconds, signal) => {
      await delay(Math.min(milliseconds, 2 ** 31 - 1), undefined, signal ? { signal } : {});
    },
    random: () => Math.random(),
  };
}
