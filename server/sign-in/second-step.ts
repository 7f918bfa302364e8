import { createHash, randomBytes } from 'node:crypto';
import type { Account } from './account';

/** Between the password and the code. */
const TICKET_MILLISECONDS = 300_000;
const MOST_TRIES = 5;
const MOST_TICKETS = 10_000;

interface Ticket {
  readonly name: string;
  readonly accountCreatedAt: string;
  readonly until: number;
  tries: number;
}

/**
 * Those who have shown their password and not yet their code. A ticket proves the first; it is in memory only, of 256 bits,
 * kept as its hash, and good for a few minutes and tries.
 */
export class SecondSteps {
  private readonly tickets = new Map<string, Ticket>();

  begin({ name, createdAt }: Account, now: number): string {
    const token = randomBytes(32).toString('base64url');
    this.tickets.set(hashOf(token), {
      name,
      accountCreatedAt: createdAt,
      until: now + TICKET_MILLISECONDS,
      tries: 0,
    });
    for (const [hash, { until }] of this.tickets) {
      if (until > now && this.tickets.size <= MOST_TICKETS) break;
      this.tickets.delete(hash);
    }
    return token;
  }

  /** One try with a ticket. @returns whose it is; null when it is none any more */
  use(token: string, now: number): { readonly name: string; readonly createdAt: string } | null {
    const hash = hashOf(token);
    const ticket = this.tickets.get(hash);
    // A clock that was put back does not lengthen it.
    if (!ticket || ticket.until <= now || ticket.until - now > TICKET_MILLISECONDS || ticket.tries >= MOST_TRIES) {
      this.tickets.delete(hash);
      return null;
    }
    ticket.tries += 1;
    return { name: ticket.name, createdAt: ticket.accountCreatedAt };
  }

  end(token: string): void {
    this.tickets.delete(hashOf(token));
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
