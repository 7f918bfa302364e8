import { join } from 'node:path';
import { messageOf } from '../../lib/errors';
import { serviceKey } from '../../lib/runtime/home';
import type { OnAccess } from '../sign-in';
import { LogFile } from './log-file';
import { redactor } from './secrets';

/** Where the server tells what happens: to the log of its home, and on standard error to who started it. */
export interface Journal {
  readonly log: LogFile;
  readonly onAccess: OnAccess;
  readonly onFailure: (failure: unknown) => void;
}

/**
 * Opens the log of a home.
 * @param environment  its secrets are kept out of the log
 * @param show         what is also shown at once
 */
export function openJournal(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  show: Pick<Journal, 'onAccess' | 'onFailure'>,
): Journal {
  const secrets = [serviceKey({ keys: join(folder, 'keys') })];
  const log = new LogFile({
    folder: join(folder, 'logs'),
    redact: redactor(environment, secrets),
    now: Date.now,
    onFailure: (why) => show.onFailure(new Error(`The log cannot be written: ${why}`)),
  });
  return {
    log,
    onAccess: (event) => {
      show.onAccess(event);
      log.write({ level: 'audit', from: 'access', message: event.kind, event });
    },
    onFailure: (failure) => {
      show.onFailure(failure);
      const stack = failure instanceof Error ? failure.stack : undefined;
      log.write({ level: 'error', from: 'server', message: messageOf(failure), stack });
    },
  };
}
