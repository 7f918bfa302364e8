import type { EventMix } from './office/events';
import type { Region } from './plan';

/** How a sandbox behaves. Everything has a default that suits tests: debounce 0, no state on disk, a free port. */
export interface SandboxOptions {
  readonly host?: string;
  /** 0 = any free port. */
  readonly port?: number;
  /** Folder for the state; without it nothing is kept. */
  readonly stateDirectory?: string;
  /** A CSV file that becomes a sheet, unless a state was saved. */
  readonly load?: string;
  /** A CSV file of invoice lines that is replayed as billing weeks. */
  readonly replay?: string;
  /** An office that works by itself: its sheets, their past, and what goes on in them. Not together with `replay`. */
  readonly practice?: boolean;
  /** Virtual seconds of the replay for each real one; 0 = as fast as possible. */
  readonly replayRate?: number;
  /** The same for the last days of a practice office, until it has caught up with the present. */
  readonly practiceRate?: number;
  /** The replay begins at `POST /sandbox/replay/start`, the practice office at `POST /sandbox/practice/start`. */
  readonly replayWaits?: boolean;
  /** Each step of the replay, each save of the practice office waits until the callbacks before it were answered. */
  readonly replayInLockstep?: boolean;
  /** Ids are the same for the same seed and order of calls. */
  readonly seed?: number;
  /** Length of the window in which events are gathered into one callback, 0 to 60 s. */
  readonly debounceSeconds?: number;
  /** One event for a cell that one user wrote several times within a window. Default true. */
  readonly collapseRepeatedEdits?: boolean;
  readonly eventMix?: EventMix;
  readonly rateLimits?: boolean;
  /** Whether the plan includes event reporting, at first. Default false. */
  readonly eventReporting?: boolean;
  /** Whose links and rules it has, at first. Default null: its own links, the rules of the US. */
  readonly region?: Region | null;
  /** Demand HTTPS and one of Smartsheet's ports from callback URLs. Default false: loopback and http are fine. */
  readonly strictCallbackUrls?: boolean;
  readonly callbackTimeoutMilliseconds?: number;
  readonly challengeTimeoutMilliseconds?: number;
  /** IANA name; the times of a replayed file, the hours of the practice office are local to it. */
  readonly timeZone?: string;
  /** The machine's clock in milliseconds; for tests. */
  readonly wall?: () => number;
  /** One line for people; by default nothing is said. */
  readonly log?: (message: string) => void;
}

export type SandboxSettings = Required<Omit<SandboxOptions, PathOption>> & {
  readonly [Name in PathOption]: string | undefined;
};

type PathOption = 'stateDirectory' | 'load' | 'replay';

/** The options with their defaults. */
export function completed(options: SandboxOptions): SandboxSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    seed: 1,
    debounceSeconds: 0,
    collapseRepeatedEdits: true,
    eventMix: 'plain',
    rateLimits: true,
    eventReporting: false,
    region: null,
    strictCallbackUrls: false,
    callbackTimeoutMilliseconds: 10_000,
    challengeTimeoutMilliseconds: 5_000,
    practice: false,
    timeZone: options.practice === true ? 'America/Chicago' : 'Europe/London',
    replayRate: 0,
    practiceRate: 7_200,
    replayWaits: false,
    replayInLockstep: false,
    wall: Date.now,
    log: () => undefined,
    ...options,
    stateDirectory: options.stateDirectory,
    load: options.load,
    replay: options.replay,
  };
}
