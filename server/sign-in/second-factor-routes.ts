import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { BillingAuditError } from '../../lib/errors';
import type { PersonChange } from './access-event';
import { CodeWrong, NothingToSetUp, PersonUnknown, TooManyTries } from './account-errors';
import { demandsFactor } from './decision';
import type { Flash } from './flash';
import { arrived, field, visitorOf } from './page-request';
import { enrolPage, recoveryPage } from './pages/second-factor-page';
import type { Message } from './pages/page';
import type { SecondFactorFile } from './second-factor-file';
import type { SignIn, Visitor } from './sign-in';
import { newTotpKey, totpLink } from './totp';

interface SecondFactorRoutes {
  readonly signIn: SignIn;
  readonly flash: Flash;
}

interface Enrolment {
  readonly key: string;
  readonly until: number;
}

const ENROLMENT_MILLISECONDS = 900_000;
const ISSUER = 'Billing Audit';

/** One's own second factor: set up, removed, new recovery codes. The door and the form's token have been asked. */
export function secondFactorRoutes({ signIn, flash }: SecondFactorRoutes): Router {
  const routes = express.Router();
  const desk = new SecondFactorDesk(signIn);
  const acting =
    (act: (request: Request, visitor: Visitor) => Promise<string>) =>
    (request: Request, response: Response, next: NextFunction): void => {
      const visitor = visitorOf(request);
      act(request, visitor).then(
        (page) => void response.send(page),
        (thrown: unknown) => {
          if (!(thrown instanceof BillingAuditError)) return next(thrown);
          flash.leave(visitor, { tone: 'bad', text: thrown.message, hint: thrown.hint });
          response.redirect(303, '/account');
        },
      );
    };
  routes.post(
    '/begin',
    acting((request, visitor) => desk.begin(request, visitor)),
  );
  routes.post(
    '/confirm',
    acting((request, visitor) => desk.confirm(request, visitor)),
  );
  routes.post(
    '/recovery',
    acting((request, visitor) => desk.renewRecovery(request, visitor)),
  );
  routes.post('/remove', (request, response, next) => {
    const visitor = visitorOf(request);
    void desk
      .remove(request, visitor)
      .then(() => flash.leave(visitor, removed(demandsFactor(signIn.policy, visitor.role))))
      .catch((thrown: unknown) => {
        if (!(thrown instanceof BillingAuditError)) throw thrown;
        flash.leave(visitor, { tone: 'bad', text: thrown.message, hint: thrown.hint });
      })
      .then(() => response.redirect(303, '/account'))
      .catch(next);
  });
  return routes;
}

function removed(isDemanded: boolean): Message {
  return {
    tone: 'good',
    text: 'Your second factor has been removed.',
    hint: isDemanded
      ? 'Your role takes one: until you set up another, nothing but this page opens to you.'
      : 'Signing in takes your password alone from now on.',
  };
}

class SecondFactorDesk {
  /** Keys that are being set up, by session: in memory alone until their owner has shown a code. */
  private readonly enrolments = new Map<string, Enrolment>();

  constructor(private readonly signIn: SignIn) {}

  async begin(request: Request, visitor: Visitor): Promise<string> {
    await this.checkPassword(request, visitor);
    const { session, factors } = this.placeOf(visitor);
    if (factors.of(await this.ownerOf(visitor))) throw new NothingToSetUp('You have a second factor already.');
    const now = this.signIn.now();
    for (const [id, { until }] of this.enrolments) if (until <= now) this.enrolments.delete(id);
    const enrolment = { key: newTotpKey(), until: now + ENROLMENT_MILLISECONDS };
    this.enrolments.set(session.id, enrolment);
    return this.enrolPage(request, visitor, enrolment.key, null);
  }

  async confirm(request: Request, visitor: Visitor): Promise<string> {
    const { session, factors } = this.placeOf(visitor);
    const enrolment = this.enrolments.get(session.id);
    if (!enrolment || enrolment.until <= this.signIn.now()) throw new NothingToSetUp('This took too long.');
    const owner = await this.ownerOf(visitor);
    const codes = factors.setUp(owner, enrolment.key, field(request, 'code'), this.signIn.now());
    if (codes === null) {
      const { message: text, hint } = new CodeWrong();
      return this.enrolPage(request, visitor, enrolment.key, { tone: 'bad', text, hint });
    }
    this.enrolments.delete(session.id);
    this.changed(request, visitor, 'second_factor_set_up');
    return this.recoveryPage(request, visitor, codes, 'Your second factor is on. Your other sessions have ended.');
  }

  async renewRecovery(request: Request, visitor: Visitor): Promise<string> {
    await this.checkBoth(request, visitor);
    const codes = this.placeOf(visitor).factors.renewRecovery(await this.ownerOf(visitor));
    if (codes === null) throw new NothingToSetUp('You have no second factor.');
    this.changed(request, visitor, 'recovery_codes_renewed');
    return this.recoveryPage(request, visitor, codes, 'The codes from before work no more.');
  }

  async remove(request: Request, visitor: Visitor): Promise<void> {
    await this.checkBoth(request, visitor);
    this.placeOf(visitor).factors.remove(visitor.name);
    this.changed(request, visitor, 'second_factor_removed');
  }

  private async checkPassword(request: Request, visitor: Visitor): Promise<void> {
    const { facts } = arrived(request);
    const wait = await this.signIn.checkPassword(visitor, field(request, 'current'), facts);
    if (wait > 0) throw new TooManyTries(wait);
  }

  /** Who sits at a browser that was left alone has neither. */
  private async checkBoth(request: Request, visitor: Visitor): Promise<void> {
    await this.checkPassword(request, visitor);
    const { facts } = arrived(request);
    const wait = this.signIn.checkCode(visitor, await this.ownerOf(visitor), field(request, 'code'), facts);
    if (wait > 0) throw new TooManyTries(wait);
  }

  private changed(request: Request, visitor: Visitor, change: PersonChange): void {
    this.signIn.personChanged(visitor, visitor.name, change, arrived(request).facts);
    this.signIn.sessions.endAll(visitor.name, 'second_factor_changed', visitor.session ?? undefined);
  }

  private placeOf({ session }: Visitor): { session: NonNullable<Visitor['session']>; factors: SecondFactorFile } {
    const { factors } = this.signIn;
    if (!session || !factors) throw new PersonUnknown();
    return { session, factors };
  }

  private async ownerOf({ name }: Visitor): Promise<{ readonly name: string; readonly createdAt: string }> {
    const account = await this.signIn.accounts.find(name);
    if (!account) throw new PersonUnknown();
    return account;
  }

  private enrolPage(request: Request, visitor: Visitor, key: string, message: Message | null): string {
    const link = totpLink(key, visitor.name, ISSUER);
    const formToken = this.signIn.formToken(visitor);
    return enrolPage({ visitor, formToken, message, key, link, scope: arrived(request).scope });
  }

  private recoveryPage(request: Request, visitor: Visitor, codes: readonly string[], text: string): string {
    const message = { tone: 'good', text } as const;
    const formToken = this.signIn.formToken(visitor);
    return recoveryPage({ visitor, formToken, message, codes, scope: arrived(request).scope });
  }
}
