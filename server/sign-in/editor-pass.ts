import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { areaOf } from './area';
import type { Arrival } from './front-door';
import { ROLES } from './account';
import type { RequestFacts } from './request-facts';
import type { Visitor } from './sign-in';

/** How the door tells the editor who is there. What a browser sends under this name is thrown away first. */
const PASS_HEADER = 'x-billing-audit-visitor';

const passContent = z.strictObject({
  name: z.string(),
  role: z.enum(ROLES),
  session: z.string().nullable(),
  address: z.string(),
  userAgent: z.string(),
});

/** As Node-RED wants to know people: `*` is everything, `read` whatever ends in `.read`. */
export interface EditorUser {
  readonly username: string;
  readonly permissions: '*' | 'read';
  /** For Node-RED's audit log, which logs this whole; its own `ip` is what a header of the request says. */
  readonly session: string | null;
  readonly address: string;
  readonly userAgent: string;
}

/**
 * One sign-in for the editor too. Node-RED asks `tokens` on every request and on the editor's websocket; it is given a
 * pass that the door writes anew each time, from the session. So Node-RED keeps no session of its own that could outlive
 * ours or belong to somebody else, and a changed role holds from the next request on.
 */
export class EditorPass {
  private readonly key = randomBytes(32);

  /** Node-RED's `adminAuth`. */
  readonly adminAuth = {
    tokenHeader: PASS_HEADER,
    tokens: (pass: string): Promise<EditorUser | null> => Promise.resolve(this.read(pass)),
  };

  /** Puts the pass on a request to the editor, and takes forged ones off any request. */
  handOn(request: IncomingMessage, { facts, visitor }: Arrival): void {
    Reflect.deleteProperty(request.headers, PASS_HEADER);
    if (areaOf(facts) !== 'editor') return;
    // A token of an earlier Node-RED session would be looked at before our pass.
    delete request.headers['authorization'];
    if (visitor) request.headers[PASS_HEADER] = this.write(visitor, facts);
  }

  private write({ name, role, session }: Visitor, { address, userAgent }: RequestFacts): string {
    const facts = { session: session?.id ?? null, address, userAgent: userAgent.slice(0, 300) };
    const content = Buffer.from(JSON.stringify({ name, role, ...facts })).toString('base64url');
    return `${content}.${this.seal(content).toString('base64url')}`;
  }

  private read(pass: string): EditorUser | null {
    const [content = '', seal = ''] = pass.split('.');
    const given = Buffer.from(seal, 'base64url');
    const expected = this.seal(content);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const { name, role, ...facts } = passContent.parse(JSON.parse(Buffer.from(content, 'base64url').toString()));
    if (role === 'admin') return { username: name, permissions: '*', ...facts };
    return role === 'auditor' ? { username: name, permissions: 'read', ...facts } : null;
  }

  private seal(content: string): Buffer {
    return createHmac('sha256', this.key).update(content).digest();
  }
}
