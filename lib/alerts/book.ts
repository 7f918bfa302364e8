import { z } from 'zod';
import { auditEventSchema, severity } from '../event';
import type { StoreDriver } from '../store/store';
import type { KnownSittings } from './cap';
import type { RaisedAlert } from './desk';
import type { AlertRule } from './rule';

const why = z.array(z.object({ code: z.string(), because: z.string() }));
const notice = z.object({ title: z.string(), text: z.string() });

const mailSchema = z.object({
  mail_id: z.string(),
  rule_id: z.string(),
  kind: z.enum(['first', 'update', 'digest']),
  recipient: z.string(),
  severity,
  message_id: z.string().nullable(),
  in_reply_to: z.string().nullable(),
  attempts: z.number(),
  first_attempt_at: z.string().nullable(),
  last_error: z.string().nullable(),
  state: z.string(),
  frame: z.object({
    subjectPrefix: z.string().default(''),
    timeZone: z.string().default('UTC'),
    columnAliases: z.record(z.string(), z.string()).default({}),
  }),
  mails_per_hour: z.number(),
  group_minutes: z.number(),
  total: z.number(),
  since: z.string(),
  tallies: z.array(
    z.object({
      person: z.string().nullable(),
      sheet_id: z.string().nullable(),
      sheet_name: z.string().nullable(),
      column_name: z.string().nullable(),
      severity,
      currency: z.string().nullable(),
      count: z.number(),
      delta: z.string().nullable(),
    }),
  ),
  alerts: z.array(
    z.object({
      severity,
      always: z.boolean(),
      why,
      notice: notice.nullable(),
      // An event of a form that this program does not know is told by its count; it must not hold up the mail.
      event: auditEventSchema.nullable().catch(null),
    }),
  ),
});

/** A mail of the outbox with all that it holds. */
export type HeldMail = z.infer<typeof mailSchema>;

const undecidedSchema = z.object({
  events: z.array(
    z.object({
      stream: z.string(),
      seq: z.number(),
      event_key: z.string(),
      /** Null when it is of a form that this program does not know. */
      event: auditEventSchema.nullable().catch(null),
    }),
  ),
  rules: z.array(
    z.object({
      rule_id: z.string(),
      risk_from: z.number(),
      severity_from: z.enum(['HIGH', 'MEDIUM', 'LOW', 'NONE']),
      findings_a_day: z.number().nullable(),
    }),
  ),
});

/** Recorded events about which nobody has decided, and the rules in force. */
export type Undecided = z.infer<typeof undecidedSchema>;

const sittingsSchema = z.object({
  normal: z.array(z.object({ score: z.number(), modelled: z.boolean(), sittings: z.number(), first_at: z.string() })),
  open: z.array(
    z.object({
      person: z.string(),
      from: z.string(),
      to: z.string(),
      events: z.number(),
      score: z.number(),
      told_by: z.array(z.string()),
    }),
  ),
  told_today: z.record(z.string(), z.number()),
});

const decidedSchema = z.object({
  recorded: z.boolean(),
  /** Nobody has decided yet. */
  waits: z.boolean(),
  alert: z.object({ held: z.boolean(), always: z.boolean(), why }).nullable(),
});

/** What a rule decided of a recorded event. */
export type Decided = z.infer<typeof decidedSchema>;

const outboxSchema = z.object({
  undecided: z.number(),
  states: z.record(z.string(), z.number()),
  oldest_waiting_at: z.string().nullable(),
  trouble: z.array(
    z.object({
      mail_id: z.string(),
      recipient: z.string(),
      kind: z.string(),
      state: z.string(),
      severity,
      attempts: z.number(),
      error: z.string().nullable(),
      next_at: z.string().nullable(),
    }),
  ),
});

export type Outbox = z.infer<typeof outboxSchema>;

/** How a try of a mail ended; see `billing_audit_settle_mail`. */
export type Outcome =
  | { readonly outcome: 'handed_over' | 'sent' }
  | { readonly outcome: 'later' | 'cut'; readonly error: string; readonly next_at: string }
  | { readonly outcome: 'dead'; readonly error: string };

export interface RuleAlert extends RaisedAlert {
  readonly ruleId: string;
  /** The cap holds it back: it waits for the summary. */
  readonly held?: boolean;
}

/** All that alerting asks of the store, in its own words; times are ISO instants. One transaction per call. */
export class AlertBook {
  constructor(private readonly driver: Pick<StoreDriver, 'rpc'>) {}

  /** @param quietly  what it weakens is told by who compares the whole configuration; nothing is told here */
  async saveRule(
    rule: AlertRule,
    at: string,
    { quietly = false } = {},
  ): Promise<{ readonly weakened: readonly string[] }> {
    const answer = await this.driver.rpc('billing_audit_save_alert_rule', {
      rule_id: rule.ruleId,
      recipients: rule.recipients,
      risk_from: rule.riskFrom,
      severity_from: rule.severityFrom,
      mails_per_hour: rule.mailsPerHour,
      group_minutes: rule.groupMinutes,
      frame: rule.frame,
      findings_a_day: rule.findingsADay,
      quietly,
      at,
    });
    return z.object({ weakened: z.array(z.string()) }).parse(answer);
  }

  /** @param quietly  as for `saveRule` */
  async retireRule(ruleId: string, at: string, { quietly = false } = {}): Promise<void> {
    await this.driver.rpc('billing_audit_retire_alert_rule', { rule_id: ruleId, quietly, at });
  }

  /** Alerts into the outbox and decided events out of the queue, all or nothing; repeating it tells nobody twice. */
  async raise(
    alerts: readonly RuleAlert[],
    decided: readonly { readonly stream: string; readonly seq: number }[],
    at: string,
  ): Promise<{ readonly raised: number; readonly unrecorded: readonly string[] }> {
    const told = alerts.map((each) => ({
      event_key: each.eventKey,
      rule_id: each.ruleId,
      always: each.always,
      why: each.why,
      held: each.held ?? false,
    }));
    const answer = await this.driver.rpc('billing_audit_raise_alert', { alerts: told, decided, at });
    return z.object({ raised: z.number(), unrecorded: z.array(z.string()) }).parse(answer);
  }

  /** @returns whether this run of the workflow is the one that tells of it; another may have been given it before */
  async give(alert: {
    readonly eventKey: string;
    readonly givenTo: string;
    readonly run: string;
    readonly at: string;
  }): Promise<boolean> {
    const { eventKey, givenTo, ...rest } = alert;
    const p = { event_key: eventKey, given_to: givenTo, ...rest };
    return z.object({ given: z.boolean() }).parse(await this.driver.rpc('billing_audit_give_alert', p)).given;
  }

  /** What rules with a cap are decided by. @param people  as `sitterOf` names them */
  async sittings(people: readonly string[], at: string): Promise<KnownSittings> {
    return sittingsSchema.parse(await this.driver.rpc('billing_audit_alert_sittings', { people, at }));
  }

  async decided(eventKey: string, ruleId: string): Promise<Decided> {
    const asked = { event_key: eventKey, rule_id: ruleId };
    return decidedSchema.parse(await this.driver.rpc('billing_audit_alert_of', asked));
  }

  async undecided(limit: number): Promise<Undecided> {
    return undecidedSchema.parse(await this.driver.rpc('billing_audit_undecided_events', { limit }));
  }

  /** The most urgent mail that is due, for this sender alone, or when to ask again. */
  async lease(request: {
    readonly sender: string;
    readonly leaseSeconds: number;
    readonly domain: string;
    readonly at: string;
  }): Promise<{ readonly mail: HeldMail | null; readonly nextAt: string | null }> {
    const { leaseSeconds, ...rest } = request;
    const answer = await this.driver.rpc('billing_audit_lease_mail', { ...rest, lease_seconds: leaseSeconds });
    const { mail, next_at } = z.object({ mail: mailSchema.nullable(), next_at: z.string().nullable() }).parse(answer);
    return { mail, nextAt: next_at };
  }

  /** @returns false when the lease was lost: another sender has the mail */
  async settle(mailId: string, sender: string, outcome: Outcome, at: string): Promise<boolean> {
    const answer = await this.driver.rpc('billing_audit_settle_mail', { mail_id: mailId, sender, ...outcome, at });
    return z.object({ settled: z.boolean() }).parse(answer).settled;
  }

  /** For the sole owner of a store, when it begins: whoever held a lease is gone. */
  async reclaim(at: string): Promise<void> {
    await this.driver.rpc('billing_audit_reclaim_mail', { at });
  }

  async outbox(at: string): Promise<Outbox> {
    return outboxSchema.parse(await this.driver.rpc('billing_audit_outbox', { at, limit: 20 }));
  }

  /** Mails in trouble of which the second channel was not told. */
  async untold(): Promise<readonly HeldMail[]> {
    const answer = await this.driver.rpc('billing_audit_untold_mails', { limit: 10 });
    return z.object({ mails: z.array(mailSchema) }).parse(answer).mails;
  }

  async markTold(mailId: string, told: boolean, at: string): Promise<void> {
    await this.driver.rpc('billing_audit_mark_told', { mail_id: mailId, told, at });
  }
}
