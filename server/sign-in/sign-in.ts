import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Now } from '../../lib/ports';
import {
  type AccessEvent,
  endOfSessions,
  type OnAccess,
  type PersonChange,
  type RightsChange,
  type SignInStep,
} from './access-event';
import { CodeWrong, PasswordWrong } from './account-errors';
import { canonicalName, type Account, type AccountProvider, type Role } from './account';
import { tokenIn } from './cookie';
import { demandsFactor, isPracticeVisitor, isSecure, type Policy } from './decision';
import { GuessGuard } from './guess-guard';
import type { RequestFacts } from './request-facts';
import { whyOver, type EndReason, type Session } from './session';
import type { Owner, SecondFactorFile } from './second-factor-file';
import { SecondSteps } from './second-step';
import type { SessionFile } from './session-file';

/** Who sends a request. */
export interface Visitor {
  readonly name: string;
  readonly role: Role;
  /** Null: practice mode, where nobody signs in, or a program. */
  readonly session: Session | null;
  /** A program of the owner, by the service key. */
  readonly service?: true;
  /** Their role takes a second factor, and they have not set one up. */
  readonly lacksFactor?: boolean;
}

export type SignInResult =
  | { readonly kind: 'in'; readonly token: string; readonly account: Account }
  | { readonly kind: 'wrong' }
  /** The password was right, and the account has a second factor: `ticket` goes along with its code. */
  | { readonly kind: 'code_needed'; readonly ticket: string }
  /** The ticket is none any more: it begins with the password again. */
  | { readonly kind: 'over' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface SignInOptions {
  readonly accounts: AccountProvider;
  readonly sessions: SessionFile;
  readonly policy: Policy;
  readonly now: Now;
  readonly onAccess: OnAccess;
  /** Without it nobody has a second factor. */
  readonly factors?: SecondFactorFile;
  /** What programs of the owner show; without it none is let in. */
  readonly serviceKey?: string;
}

/** Requests that a page sends by itself, to stay connected and to find out why it is not; they keep no session alive. */
const NOT_A_USE = ['/dashboard/socket.io', '/dashboard/_setup'];

/** Signing in and out, and saying who somebody is: all that pages, gate, editor and dashboard ask. */
export class SignIn {
  readonly accounts: AccountProvider;
  readonly sessions: SessionFile;
  readonly policy: Policy;
  readonly now: Now;
  readonly factors: SecondFactorFile | null;
  private readonly guard = new GuessGuard();
  /** Of codes: who gets here has the password, and six digits are few. */
  private readonly codeGuard = new GuessGuard();
  private readonly steps = new SecondSteps();
  private readonly onAccess: OnAccess;
  private readonly practiceKey = randomBytes(32);
  /** Gone with this process, so that nobody can try later which name a mark stands for. */
  private readonly namesKey = randomBytes(32);
  private readonly serviceKey: string | null;

  constructor({ accounts, sessions, policy, now, onAccess, factors, serviceKey }: SignInOptions) {
    this.factors = factors ?? null;
    this.serviceKey = serviceKey ?? null;
    this.accounts = accounts;
    this.sessions = sessions;
    this.policy = policy;
    this.now = now;
    this.onAccess = onAccess;
    for (const { name, address, lastUsedAt } of sessions.all()) {
      for (const guard of [this.guard, this.codeGuard]) guard.learn(name, address, lastUsedAt);
    }
    sessions.onEnd((session, reason) => this.report(session, { kind: 'session_ended', reason }));
  }

  /** Who sends this request; null when nobody we know. A session that is over is ended by asking. */
  async visitor(facts: RequestFacts): Promise<Visitor | null> {
    if (this.isService(facts)) return { name: 'service', role: 'admin', session: null, service: true };
    const token = tokenIn(facts.cookie, isSecure(facts, this.policy.publicUrl));
    const session = token === null ? null : this.sessions.byToken(token);
    const account = session && (await this.stillIn(session));
    if (session && account) {
      if (!NOT_A_USE.some((path) => facts.path.startsWith(path))) this.sessions.used(session);
      const lacksFactor = demandsFactor(this.policy, account.role) && !this.factors?.of(account);
      return { name: account.name, role: account.role, session, ...(lacksFactor && { lacksFactor }) };
    }
    return isPracticeVisitor(facts, this.policy) ? { name: 'practice', role: 'admin', session: null } : null;
  }

  /** @throws TooManySignIns */
  async signIn(text: string, password: string, facts: RequestFacts): Promise<SignInResult> {
    const name = canonicalName(text).slice(0, 64);
    const wait = this.guard.attempt(name, facts.address, this.now());
    if (wait > 0) return this.delayed(await this.whoTried(name, facts), 'password', wait);
    const account = await this.accounts.verify(name, password);
    if (!account) {
      this.report(await this.whoTried(name, facts), { kind: 'sign_in_failed', step: 'password' });
      return { kind: 'wrong' };
    }
    this.guard.succeeded(name, facts.address, this.now());
    if (this.factors?.of(account)) return { kind: 'code_needed', ticket: this.steps.begin(account, this.now()) };
    return this.letIn(account, null, facts);
  }

  /** The second step: a code of the app, or a recovery code, with the ticket of the first. */
  async showCode(ticket: string, code: string, facts: RequestFacts): Promise<SignInResult> {
    const now = this.now();
    const owner = this.steps.use(ticket, now);
    const account = owner && (await this.accounts.find(owner.name));
    if (!account || account.disabled || account.createdAt !== owner.createdAt) return { kind: 'over' };
    const who = { ...from(facts), name: account.name };
    const wait = this.codeGuard.attempt(account.name, facts.address, now);
    if (wait > 0) return this.delayed(who, 'second_factor', wait);
    // One that was reset meanwhile is asked for no more, but begins again: the password may have been reset with it.
    if (!this.factors?.of(account)) return { kind: 'over' };
    const factor = this.factors.take(account, code, now);
    if (factor === null) {
      this.report(who, { kind: 'sign_in_failed', step: 'second_factor' });
      return { kind: 'wrong' };
    }
    this.codeGuard.succeeded(account.name, facts.address, now);
    this.steps.end(ticket);
    return this.letIn(account, factor, facts);
  }

  private letIn(account: Account, factor: 'code' | 'recovery_code' | null, facts: RequestFacts): SignInResult {
    const before = tokenIn(facts.cookie, isSecure(facts, this.policy.publicUrl));
    const replaced = before === null ? null : this.sessions.byToken(before);
    if (replaced) this.sessions.end(replaced, 'signed_in_again');
    const { token, session } = this.sessions.begin(account.name, facts);
    this.report(session, { kind: 'signed_in', role: account.role, factor });
    return { kind: 'in', token, account };
  }

  private delayed(who: Who, step: SignInStep, waitMilliseconds: number): SignInResult & { readonly kind: 'wait' } {
    this.report(who, { kind: 'sign_in_delayed', step, waitMilliseconds });
    return { kind: 'wait', milliseconds: waitMilliseconds };
  }

  /** People type passwords where the name belongs: a name of no account is told apart from others, but not told. */
  private async whoTried(name: string, facts: RequestFacts): Promise<Who> {
    const known = await this.accounts.find(name);
    const mark = createHmac('sha256', this.namesKey).update(name).digest('hex').slice(0, 8);
    return { ...from(facts), name: known?.name ?? `unknown name #${mark}` };
  }

  /**
   * Changes one's own password and ends all one's other sessions.
   * @returns milliseconds to wait, when there were too many wrong tries; else 0
   * @throws PasswordWrong, PasswordRefused
   */
  async changePassword(visitor: Visitor, current: string, chosen: string, facts: RequestFacts): Promise<number> {
    const wait = this.guard.attempt(visitor.name, facts.address, this.now());
    if (wait > 0) return this.delayed(inside(visitor, facts), 'password', wait).milliseconds;
    try {
      await this.accounts.changePassword(visitor.name, current, chosen);
    } catch (thrown) {
      if (thrown instanceof PasswordWrong) this.failedInside(visitor, 'password', facts);
      else this.guard.succeeded(visitor.name, facts.address, this.now());
      throw thrown;
    }
    this.guard.succeeded(visitor.name, facts.address, this.now());
    this.sessions.endAll(visitor.name, 'password_changed', visitor.session ?? undefined);
    this.personChanged(visitor, visitor.name, 'password_changed', facts);
    return 0;
  }

  /**
   * Whether whoever sits at a signed-in browser knows its person's password.
   * @returns milliseconds to wait, when there were too many wrong tries; else 0
   * @throws PasswordWrong
   */
  async checkPassword(visitor: Visitor, password: string, facts: RequestFacts): Promise<number> {
    const wait = this.guard.attempt(visitor.name, facts.address, this.now());
    if (wait > 0) return this.delayed(inside(visitor, facts), 'password', wait).milliseconds;
    if (!(await this.accounts.verify(visitor.name, password))) {
      this.failedInside(visitor, 'password', facts);
      throw new PasswordWrong();
    }
    this.guard.succeeded(visitor.name, facts.address, this.now());
    return 0;
  }

  /** As {@link checkPassword}, for the code. @throws CodeWrong */
  checkCode(visitor: Visitor, owner: Owner, code: string, facts: RequestFacts): number {
    const wait = this.codeGuard.attempt(owner.name, facts.address, this.now());
    if (wait > 0) return this.delayed(inside(visitor, facts), 'second_factor', wait).milliseconds;
    if (!this.factors?.take(owner, code, this.now())) {
      this.failedInside(visitor, 'second_factor', facts);
      throw new CodeWrong();
    }
    this.codeGuard.succeeded(owner.name, facts.address, this.now());
    return 0;
  }

  /** Who guesses at a browser that was left signed in is told of as who guesses at the door is. */
  private failedInside(visitor: Visitor, step: SignInStep, facts: RequestFacts): void {
    this.report(inside(visitor, facts), { kind: 'sign_in_failed', step });
  }

  /** Reports what an admin did to an account, and ends its sessions where they no longer fit. */
  personChanged(
    by: Visitor,
    name: string,
    change: PersonChange,
    facts: RequestFacts,
    rights: RightsChange | null = null,
  ): void {
    const who = { ...from(facts), name, id: by.session?.id ?? null };
    this.report(who, { kind: 'person_changed', by: by.name, change, rights });
    const reason = endOfSessions(change);
    if (reason) this.sessions.endAll(name, reason);
  }

  refused(facts: RequestFacts, visitor: Visitor | null, reason: string, more: number): void {
    const who = visitor ? inside(visitor, facts) : from(facts);
    this.report(who, { kind: 'access_refused', method: facts.method, path: facts.path.slice(0, 200), reason, more });
  }

  /** Its person does something over a connection that is open already. What is over by now is not brought back by that. */
  async noteUse({ id }: Pick<Session, 'id'>): Promise<void> {
    const session = this.sessions.all().find((each) => each.id === id);
    if (session && (await this.stillIn(session))) this.sessions.used(session);
  }

  /** Ends what is over by now, so that open pages close too. */
  async sweep(): Promise<void> {
    for (const session of this.sessions.all()) await this.stillIn(session);
  }

  /** Proves that a form was made for this visitor. Bound to the session, so that nothing has to be kept. */
  formToken({ session }: Visitor): string {
    return createHmac('sha256', session?.tokenHash ?? this.practiceKey)
      .update('form')
      .digest('base64url');
  }

  isFormToken(visitor: Visitor, given: unknown): boolean {
    if (typeof given !== 'string') return false;
    const [one, other] = [Buffer.from(given), Buffer.from(this.formToken(visitor))];
    return one.length === other.length && timingSafeEqual(one, other);
  }

  /**
   * By a bearer, the header `apikey`, or both, as programs of Supabase send them; then both must be the key. Compared by
   * their hashes, so that the time it takes says nothing about the key.
   */
  private isService({ bearer, apikey, path }: RequestFacts): boolean {
    const routes = this.policy.serviceRoutes ?? [];
    const shown = [bearer, apikey].filter((each) => typeof each === 'string');
    const key = this.serviceKey;
    if (shown.length === 0 || key === null) return false;
    if (!routes.some((route) => path === route || path.startsWith(`${route}/`))) return false;
    const hash = (text: string): Buffer => createHmac('sha256', this.practiceKey).update(text).digest();
    return shown.map((each) => timingSafeEqual(hash(each), hash(key))).every(Boolean);
  }

  /** The account of a session that still holds; else ends the session. */
  private async stillIn(session: Session): Promise<Account | null> {
    const account = await this.accounts.find(session.name);
    const reason: EndReason | null =
      !account || account.disabled ? 'account_disabled' : whyOver(session, account.role, this.now());
    if (reason === null) return account;
    this.sessions.end(session, reason);
    return null;
  }

  private report(who: Who, what: DistributiveOmit<AccessEvent, keyof Common>): void {
    const { name = null, address = null, userAgent = null, id = null } = who;
    this.onAccess({
      at: this.now(),
      name,
      address,
      userAgent: userAgent?.slice(0, 300) ?? null,
      sessionId: id,
      ...what,
    });
  }
}

type Common = Pick<AccessEvent, 'at' | 'name' | 'address' | 'userAgent' | 'sessionId'>;
type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

interface Who {
  readonly name?: string | null;
  readonly address?: string | null;
  readonly userAgent?: string | null;
  readonly id?: string | null;
}

function from({ address, userAgent }: RequestFacts): { address: string; userAgent: string } {
  return { address, userAgent };
}

/** At a browser that is signed in. */
function inside({ name, session }: Visitor, facts: RequestFacts): Who {
  return { ...from(facts), name, id: session?.id ?? null };
}
