import { SYSTEM_ACTORS, type SystemActor } from './actors';
import type { Ids } from '../ids';
import type { User } from './types';

export interface NewUser {
  readonly email: string;
  readonly name?: string;
  readonly token?: string;
  readonly admin?: boolean;
}

/** The people of the practice office and their tokens. E-mail addresses are compared without regard to case. */
export class People {
  private readonly byId = new Map<number, User>();
  private readonly byEmail = new Map<string, User>();
  private readonly byToken = new Map<string, User>();

  constructor(private readonly ids: Ids) {}

  all(): readonly User[] {
    return [...this.byId.values()];
  }

  /** Adds a person, or answers the one who has this address already. Without a token one is made from the address. */
  add(person: NewUser): User {
    const known = this.withEmail(person.email);
    if (known !== undefined) return known;
    const name = person.name ?? nameFrom(person.email);
    const [firstName = name, ...rest] = name.split(' ');
    const user: User = {
      id: this.ids.next(),
      email: person.email,
      name,
      firstName,
      lastName: rest.join(' '),
      admin: person.admin ?? false,
      token: person.token ?? `practice-token-${person.email}`,
      status: 'ACTIVE',
    };
    this.restore(user);
    return user;
  }

  restore(user: User): void {
    this.byId.set(user.id, user);
    this.byEmail.set(user.email.toLowerCase(), user);
    this.byToken.set(user.token, user);
  }

  withId(id: number): User | undefined {
    return this.byId.get(id);
  }

  withEmail(email: string): User | undefined {
    return this.byEmail.get(email.toLowerCase());
  }

  withToken(token: string): User | undefined {
    return this.byToken.get(token);
  }

  /** A person or a system actor, as rows and histories show their writer. */
  writer(id: number): SystemActor {
    const found = this.byId.get(id) ?? SYSTEM_ACTORS.find((actor) => actor.id === id);
    return found ?? { id, email: 'unknown@example.com', name: 'Unknown' };
  }

  /** The writer who has this address: a system actor, a person, or a person made now. */
  writerWithEmail(email: string): SystemActor {
    return SYSTEM_ACTORS.find((actor) => actor.email === email) ?? this.add({ email });
  }
}

/** `customer-12346@example.com` -> `Customer 12346`. */
function nameFrom(email: string): string {
  const words = email.split('@')[0]?.split(/[-._]+/) ?? [];
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}
