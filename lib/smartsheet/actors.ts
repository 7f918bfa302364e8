import type { ActorKind } from '../event/change';

/** Who made a change, as the trail names it. */
export interface Actor {
  /** E-mail of a person, name of a system actor; null when nobody knows. */
  readonly name: string | null;
  readonly kind: ActorKind;
}

export const UNKNOWN_ACTOR: Actor = { name: null, kind: 'unknown' };

/** Writers that are no people, by `userId` (reference §5.4; that callbacks use these numbers too is inferred there). */
const SYSTEM_ACTORS: Readonly<Record<string, Actor>> = {
  '1688855062570884': { name: 'Skype', kind: 'system' },
  '2814754969413508': { name: 'Trello import', kind: 'system' },
  '3377704922834820': { name: 'Cell link', kind: 'cell_link' },
  '3940654876256132': { name: 'Automation', kind: 'automation' },
  '5066554783098756': { name: 'Published to organisation', kind: 'system' },
  '5629504736520068': { name: 'Published to anyone', kind: 'system' },
  '6192454689941380': { name: 'Notification system', kind: 'system' },
  '7881304550205316': { name: 'Form', kind: 'form' },
};

/** Addresses under which cell history names system actors; only the first has been reported by users (reference §3.3). */
const SYSTEM_ADDRESSES: Readonly<Record<string, Actor>> = {
  'automation@smartsheet.com': { name: 'Automation', kind: 'automation' },
  'form@smartsheet.com': { name: 'Form', kind: 'form' },
  'cell-link@smartsheet.com': { name: 'Cell link', kind: 'cell_link' },
  'notification@smartsheet.com': { name: 'Notification system', kind: 'system' },
};

/** The system actor that has this user id, if one has. */
export function systemActor(userId: string): Actor | null {
  return SYSTEM_ACTORS[userId] ?? null;
}

/** Who is behind an address that a row or a cell's history names. */
export function actorOfAddress(email: string | null): Actor {
  if (email === null || email === '') return UNKNOWN_ACTOR;
  return SYSTEM_ADDRESSES[email.toLowerCase()] ?? { name: email, kind: 'person' };
}
