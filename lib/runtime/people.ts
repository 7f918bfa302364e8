import type { Now } from '../ports';
import { SmartsheetRefused, systemActor, type Actor, type SmartsheetClient } from '../smartsheet';

/** Turns the user ids of callbacks into people. */
export interface People {
  /** @returns null when Smartsheet does not tell: a person outside the organisation, or one it does not know any more */
  actor(userId: string): Promise<Actor | null>;
  /** The user id of the token itself. */
  self(): Promise<string>;
}

/** How long "Smartsheet does not tell" is believed. */
const FORGET_UNKNOWN_MILLISECONDS = 10 * 60_000;

/** What was found out about people with one token; shared by all sheets that are watched with it. */
export interface PeopleMemory {
  readonly known: Map<string, Actor>;
  readonly unknownUntil: Map<string, number>;
  self: string | null;
}

export function emptyMemory(): PeopleMemory {
  return { known: new Map(), unknownUntil: new Map(), self: null };
}

/** People of one token, each asked for once. */
export function createPeople(
  client: Pick<SmartsheetClient, 'user' | 'me'>,
  now: Now,
  memory: PeopleMemory = emptyMemory(),
): People {
  const { known, unknownUntil } = memory;
  return {
    async self() {
      memory.self ??= (await client.me()).id;
      return memory.self;
    },
    async actor(userId) {
      const certain = systemActor(userId) ?? known.get(userId);
      if (certain) return certain;
      if ((unknownUntil.get(userId) ?? 0) > now()) return null;
      try {
        const user = await client.user(userId);
        const actor: Actor = { name: user.email, kind: 'person' };
        known.set(userId, actor);
        return actor;
      } catch (refusal) {
        if (!(refusal instanceof SmartsheetRefused) || refusal.isAboutToken) throw refusal;
        unknownUntil.set(userId, now() + FORGET_UNKNOWN_MILLISECONDS);
        return null;
      }
    },
  };
}
