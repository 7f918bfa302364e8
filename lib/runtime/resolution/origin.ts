import { agentsIn, OUR_CHANGE_AGENT, type Actor, type CallbackEvent } from '../../smartsheet';
import type { People } from '../people';

/** Who did something, and through what: a program that says its name, or this one. */
export interface Origin extends Actor {
  /** What the program called itself; absent where nobody said. */
  readonly agent?: string;
  /** A write of our own, which is no news to the trail. */
  readonly isOurs?: true;
}

/**
 * Who is behind an event. Our name alone does not make a write ours: anybody can send it, and would hide a change that
 * way. It has to be the account of our own token too.
 * @returns null when nobody can tell
 */
export async function originOf({ userId, changeAgent }: CallbackEvent, people: People): Promise<Origin | null> {
  if (userId === null) return null;
  const actor = await people.actor(userId);
  const agents = agentsIn(changeAgent);
  if (agents.includes(OUR_CHANGE_AGENT) && userId === (await people.self())) {
    return { name: actor?.name ?? null, kind: 'api_client', isOurs: true };
  }
  if (actor === null || agents.length === 0) return actor;
  const agent = agents.join(', ').slice(0, LONGEST_AGENT);
  return actor.kind === 'person' ? { name: actor.name, kind: 'api_client', agent } : { ...actor, agent };
}

const LONGEST_AGENT = 512;

export function isSameOrigin(left: Origin | null, right: Origin | null): boolean {
  return (
    left?.name === right?.name &&
    left?.kind === right?.kind &&
    left?.agent === right?.agent &&
    left?.isOurs === right?.isOurs
  );
}
