import type { WhyTold } from '../mail';
import type { AlertRule } from './rule';
import type { MailRoute } from './route';

/** An event of the trail that is to be told, and why. */
export interface RaisedAlert {
  readonly eventKey: string;
  readonly always: boolean;
  readonly why: readonly WhyTold[];
}

/** How mails of a node leave the house; what is null is taken from the environment, or is not there. */
export interface AlertRoutes {
  readonly mail: MailRoute | null;
  /** Slack or Teams address, told when mails fail. */
  readonly channelUrl: string | null;
}

/** What the Alert node may ask of alerting: the port `alerts`. */
export interface AlertDesk {
  /** What is told is made up: each subject says so. */
  readonly practice?: boolean;
  /**
   * Keeps the node's rule and routes from now on. Recorded events are decided by the rule whether or not their messages
   * reach the node. Whoever was told before is told when the rule got weaker.
   * @returns what ends it; `removed`: the node is gone for good, which its recipients are told
   */
  enlist(rule: AlertRule, routes: AlertRoutes): Promise<(end?: { readonly removed: boolean }) => Promise<void>>;
  /**
   * Puts alerts into the outbox, once for each event and recipient.
   * @returns the keys that are not in the trail; nothing was done for them. And, of a desk that leaves the sending to
   * others, those that were told before and must not be told again.
   */
  raise(
    rule: AlertRule,
    alerts: readonly RaisedAlert[],
  ): Promise<{ readonly unrecorded: readonly string[]; readonly toldBefore?: readonly string[] }>;
  /**
   * What the rule decided of a recorded event, where it has a cap: a finding is told by its sitting, and not by itself.
   * Left out where no process that stays decides.
   * @returns null: nobody is told, or only in the summary
   */
  decided?(
    rule: AlertRule,
    eventKey: string,
  ): Promise<{ readonly recorded: boolean; readonly told: Pick<RaisedAlert, 'always' | 'why'> | null }>;
}
