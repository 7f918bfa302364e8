/** A writer that is not a person. The ids are Smartsheet's own (reference §5.4); the addresses of all but `automation` are made up. */
export interface SystemActor {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

/** By the short name that the control interface takes. */
const ACTORS = {
  automation: { id: 3940654876256132, email: 'automation@smartsheet.com', name: 'Smartsheet Automation' },
  form: { id: 7881304550205316, email: 'form@smartsheet.com', name: 'Web Form' },
  'cell-link': { id: 3377704922834820, email: 'cell-link@smartsheet.com', name: 'Cell Link' },
  notification: {
    id: 6192454689941380,
    email: 'notification@smartsheet.com',
    name: 'Smartsheet Notification System',
  },
  'published-to-anyone': { id: 5629504736520068, email: 'published@smartsheet.com', name: 'Published to anyone' },
  'published-to-organisation': {
    id: 5066554783098756,
    email: 'published-to-organisation@smartsheet.com',
    name: 'Published to organisation',
  },
  'trello-import': { id: 2814754969413508, email: 'trello-import@smartsheet.com', name: 'Trello Import' },
  skype: { id: 1688855062570884, email: 'skype@smartsheet.com', name: 'Skype' },
} as const satisfies Record<string, SystemActor>;

export type ActorName = keyof typeof ACTORS;
export const ACTOR_NAMES = Object.keys(ACTORS) as [ActorName, ...ActorName[]];
export const SYSTEM_ACTORS: readonly SystemActor[] = Object.values(ACTORS);

export function actorNamed(name: ActorName): SystemActor {
  return ACTORS[name];
}

export function isSystemActor(userId: number): boolean {
  return SYSTEM_ACTORS.some(({ id }) => id === userId);
}
