import type { Message } from './pages/page';
import type { Visitor } from './sign-in';

/** What the next page of a visitor shows, once. In memory only: a new password is never written anywhere. */
export class Flash {
  private readonly messages = new Map<string, Message>();

  leave(visitor: Visitor, message: Message): void {
    this.messages.set(keyOf(visitor), message);
  }

  take(visitor: Visitor): Message | null {
    const message = this.messages.get(keyOf(visitor)) ?? null;
    this.messages.delete(keyOf(visitor));
    return message;
  }
}

function keyOf({ session }: Visitor): string {
  return session?.id ?? 'practice';
}
