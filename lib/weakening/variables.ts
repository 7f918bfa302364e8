import type { Weaker } from '../define/fields';

/** An environment variable that decides what is told or proved and is no field of a node. */
export interface WatchedVariable {
  readonly weaker: Weaker;
  /** It may hold a password: only whether it is set is kept. */
  readonly isSecret?: true;
  readonly because: string;
}

const NOT_ANCHORED = 'Checkpoints are no longer anchored there, outside the reach of a database administrator.';

/** By name. Variables that fill a field of a node or a setting are compared there. */
export const WATCHED_VARIABLES: Readonly<Record<string, WatchedVariable>> = {
  ANCHOR_FOLDER: { weaker: 'emptied', because: NOT_ANCHORED },
  ANCHOR_GIT: { weaker: 'emptied', isSecret: true, because: NOT_ANCHORED },
  ANCHOR_URL: { weaker: 'emptied', isSecret: true, because: NOT_ANCHORED },
  ANCHOR_MAIL_TO: { weaker: 'fewer', because: 'Not everybody who got checkpoints by mail gets them any more.' },
  SMTP_URL: { weaker: 'emptied', isSecret: true, because: 'Mails wait unless a node names a mail server of its own.' },
  SECOND_FACTOR: {
    weaker: { order: ['all', 'deciders', '', 'optional'] },
    because: 'Fewer people have to sign in with a second factor than before.',
  },
  HEARTBEAT_URL: {
    weaker: 'emptied',
    isSecret: true,
    because: 'Nobody outside notices any more when this server stops.',
  },
};

const SET = 'set';

/** The watched variables as they are kept: no secret is among them. */
export function variablesIn(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(WATCHED_VARIABLES).map(([name, { isSecret }]) => {
      const value = environment[name]?.trim() ?? '';
      return [name, isSecret && value !== '' ? SET : value];
    }),
  );
}
