import { fork } from 'node:child_process';
import { until } from '../../support/until';
import type { AuditorOrder, Saying } from '../order';

/** One life of the process under test. */
export interface Auditor {
  readonly port: number;
  isOver(): boolean;
  /** Calls a function of the store from inside; the embedded store belongs to that process alone. */
  rpc<Answer>(name: `billing_audit_${string}`, p?: object): Promise<Answer>;
  /** Callbacks that are in the journal and not in the database. */
  inboxWaits(): Promise<number>;
  /** Waits until each sheet is watched by its webhook. */
  watches(sheets: number): Promise<void>;
  /** Waits until it has died by itself. @throws when it lives on for so long: the point was not reached */
  died(within: number): Promise<void>;
  kill(): Promise<void>;
  complaints(): string;
}

/** Starts it; resolves when it takes callbacks, or has died before that, which `isOver` tells. */
export async function startAuditor(program: string, order: AuditorOrder): Promise<Auditor> {
  const child = fork(program, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let [over, port, said, asked] = [false, 0, '', 0];
  let watching: readonly string[] = [];
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (why: Error) => void }>();
  child.stderr?.on('data', (chunk) => (said += String(chunk)));
  child.on('message', (saying: Saying) => {
    if ('port' in saying) port = saying.port;
    else if ('watching' in saying) watching = saying.watching;
    else if ('answer' in saying) waiting.get(saying.id)?.resolve(saying.answer);
    else waiting.get(saying.id)?.reject(new Error(saying.failure));
  });
  const ended = new Promise<NodeJS.Signals | null>((done) =>
    child.once('exit', (_code, signal) => {
      over = true;
      for (const { reject } of waiting.values()) reject(new Error(`The process has ended. ${said}`));
      done(signal);
    }),
  );
  const ask = <Answer>(question: object): Promise<Answer> => {
    const id = (asked += 1);
    return new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve: (answer) => resolve(answer as Answer), reject });
      child.send({ id, ...question }, (failure) => failure && reject(failure));
    }).finally(() => waiting.delete(id));
  };
  await until(() => port > 0 || over, 'the process to be up', 180_000);
  if (over && order.death === null) throw new Error(`The process under test did not open: ${said}`);
  return {
    port,
    isOver: () => over,
    rpc: (name, p = {}) => ask({ rpc: name, p }),
    inboxWaits: async () => (await ask<{ waiting: number } | null>({ inbox: true }))?.waiting ?? 0,
    watches: async (sheets) =>
      void (await until(() => watching.length === sheets, `${sheets} sheets to be watched. ${said}`, 180_000)),
    died: async (within) => {
      await until(() => over, `the process to die at ${JSON.stringify(order.death)}. ${said}`, within).catch(
        async (thrown: unknown) => {
          child.kill('SIGKILL');
          await ended;
          throw thrown;
        },
      );
      const signal = await ended;
      if (signal !== 'SIGKILL') throw new Error(`It ended by ${signal ?? 'itself'}, not by the kill: ${said}`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    complaints: () => said,
  };
}
