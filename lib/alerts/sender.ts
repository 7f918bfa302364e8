import { messageOf } from '../errors';
import { composeMail, type ComposedMail, type MailFrame } from '../mail';
import type { Http, Log, Now, Random, Sleep } from '../ports';
import type { AlertBook, HeldMail, Outcome } from './book';
import { MailFailure, type MailTransport } from './mail-transport';
import { retryAt } from './retry';
import { tellChannel } from './second-channel';

/** A lease outlives every try, so that two senders never hold one mail. */
const LEASE_SECONDS = 300;
const TRY_MILLISECONDS = 240_000;

/** How one rule's mails leave. */
export interface OpenRoute {
  readonly transport: MailTransport;
  readonly from: string;
}

export interface SenderParts {
  readonly book: AlertBook;
  readonly http: Http;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
  /** Differs from every other sender of the store. */
  readonly name: string;
  readonly practice: boolean;
  readonly dashboardLink: MailFrame['dashboardLink'];
  /** Null: mails wait. */
  readonly routeFor: (ruleId: string) => OpenRoute | null;
  readonly channelFor: (ruleId: string) => string | null;
}

/** Takes mails out of the outbox, one after the other, and sees to it that each ends: sent, tried again, or visible. */
export class MailSender {
  /** Why the last try failed; null after one that went well. */
  lastFailure: MailFailure | null = null;

  constructor(private readonly parts: SenderParts) {}

  /**
   * Sends all that is due.
   * @returns when the next mail is due, in milliseconds since 1970; null when none waits
   */
  async sendDue(signal: AbortSignal): Promise<number | null> {
    const { book, name } = this.parts;
    while (!signal.aborted) {
      const route = this.parts.routeFor('');
      if (!route) return null;
      const request = { sender: name, leaseSeconds: LEASE_SECONDS, domain: domainOf(route.from), at: this.at() };
      const { mail, nextAt } = await book.lease(request);
      if (!mail) return nextAt === null ? null : Date.parse(nextAt);
      await this.send(mail, this.parts.routeFor(mail.rule_id) ?? route, signal);
    }
    return null;
  }

  /** Tells the second channel of mails that do not get through. */
  async tellOfTrouble(signal: AbortSignal): Promise<void> {
    const { book, http, log, practice, channelFor } = this.parts;
    if (practice || channelFor('') === null) return;
    for (const mail of await book.untold()) {
      const channel = channelFor(mail.rule_id) ?? channelFor('');
      if (signal.aborted || channel === null) return;
      const what =
        mail.state === 'dead'
          ? 'was refused'
          : mail.state === 'uncertain'
            ? 'may not have arrived'
            : `was tried ${mail.attempts} times`;
      const text = `The mail to ${mail.recipient} ${what}: ${mail.last_error ?? 'no reason given'}`;
      const told = await tellChannel(http, channel, this.compose(mail).subject, text).then(
        () => true,
        (thrown: unknown) => {
          log.warn(messageOf(thrown), { mail_id: mail.mail_id });
          return false;
        },
      );
      await book.markTold(mail.mail_id, told, this.at());
    }
  }

  private async send(mail: HeldMail, route: OpenRoute, stopped: AbortSignal): Promise<void> {
    const { book, name, sleep } = this.parts;
    const { subject, text, html } = this.compose(mail);
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    stopped.addEventListener('abort', giveUp, { once: true });
    sleep(TRY_MILLISECONDS, attempt.signal).then(giveUp, () => undefined);
    try {
      await route.transport.deliver(
        {
          from: route.from,
          to: mail.recipient,
          subject,
          text,
          html,
          messageId: mail.message_id ?? '',
          inReplyTo: mail.in_reply_to,
          date: Date.parse(mail.first_attempt_at ?? this.at()),
        },
        () => book.settle(mail.mail_id, name, { outcome: 'handed_over' }, this.at()),
        attempt.signal,
      );
      this.lastFailure = null;
      await this.settle(mail, { outcome: 'sent' });
    } catch (thrown) {
      await this.fail(mail, asFailure(thrown));
    } finally {
      stopped.removeEventListener('abort', giveUp);
      attempt.abort();
    }
  }

  private async fail(mail: HeldMail, failure: MailFailure): Promise<void> {
    if (failure.kind === 'lost') return;
    const { log, now, random } = this.parts;
    this.lastFailure = failure;
    const firstAttemptAt = Date.parse(mail.first_attempt_at ?? this.at());
    const next = retryAt({ attempts: mail.attempts, firstAttemptAt }, now(), random);
    const error = failure.message;
    const outcome: Outcome =
      failure.kind === 'refused' || next === null
        ? { outcome: 'dead', error: failure.kind === 'refused' ? error : `Given up after 48 hours. ${error}` }
        : { outcome: failure.kind, error, next_at: new Date(next).toISOString() };
    log.warn(error, { mail_id: mail.mail_id, attempts: mail.attempts, hint: failure.hint });
    await this.settle(mail, outcome);
  }

  private async settle(mail: HeldMail, outcome: Outcome): Promise<void> {
    const { book, name, log } = this.parts;
    const settled = await book.settle(mail.mail_id, name, outcome, this.at());
    if (!settled) log.warn('A mail ended after its lease had', { mail_id: mail.mail_id, outcome: outcome.outcome });
  }

  private compose(mail: HeldMail): ComposedMail {
    const { practice, dashboardLink } = this.parts;
    const { kind, recipient, total, alerts, tallies, since } = mail;
    const content = { kind, recipient, total, alerts, tallies, since };
    return composeMail(
      { ...content, mailsPerHour: mail.mails_per_hour, groupMinutes: mail.group_minutes },
      { ...mail.frame, practice, dashboardLink },
    );
  }

  private at(): string {
    return new Date(this.parts.now()).toISOString();
  }
}

function asFailure(thrown: unknown): MailFailure {
  if (thrown instanceof MailFailure) return thrown;
  return new MailFailure('later', messageOf(thrown), 'It is tried again by itself.', { cause: thrown });
}

function domainOf(from: string): string {
  return /@([^<>@\s]+?)>?$/.exec(from)?.[1] ?? 'billing-audit.invalid';
}
