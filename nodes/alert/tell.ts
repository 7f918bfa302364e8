import type { Emit, Params, Stop } from '../../lib/define';
import {
  type Alert,
  type alert,
  type AlertDesk,
  type AlertRoutes,
  type AlertRule,
  decide,
  type Decision,
  readChannel,
  readRoute,
  ruleFrom,
} from '../../lib/alerts';
import { BillingAuditError } from '../../lib/errors';
import type { RecordedEvent } from '../../lib/event';
import { composeMail } from '../../lib/mail';
import type { Ports } from '../../lib/ports';
import { AlertingMissing, EventNotRecorded } from './errors';
import type { alertFields } from './fields';

type AlertParams = Params<typeof alertFields>;
type AlertPorts = Pick<Ports, 'alerts' | 'nodeId' | 'settings'>;

/**
 * Tells people of an event where the rules or the node's fields ask for it: puts the mails into the outbox and gives the
 * alert. Doing so again tells nobody twice.
 * @throws EventNotRecorded  the event is not in the trail; connect this node behind Audit Trail
 * @throws BadSetting  naming the addresses that are none
 * @throws StoreUnavailable  nothing is lost: a recorded event is decided by itself as soon as the store is back
 */
export async function tell(
  event: RecordedEvent,
  params: AlertParams,
  ports: AlertPorts,
): Promise<Emit<{ alert: typeof alert }>> {
  const desk = deskOf(ports);
  const rule = ruleOf(params, ports);
  const decision = decide(event, rule);
  if (rule.findingsADay !== null && !decision?.always && desk.decided) {
    const { recorded, told } = await desk.decided(rule, event.event_key);
    if (!recorded) throw new EventNotRecorded(event.event_key);
    return told === null ? {} : { alert: alertOf(event, rule, told, desk.practice ?? false) };
  }
  if (!decision) return {};
  const { unrecorded, toldBefore = [] } = await desk.raise(rule, [{ ...decision, eventKey: event.event_key }]);
  if (unrecorded.length) throw new EventNotRecorded(event.event_key);
  if (toldBefore.length) return {};
  return { alert: alertOf(event, rule, decision, desk.practice ?? false) };
}

/**
 * Begins alerting by the node's fields: from now on every recorded event is decided, whether or not its message gets here.
 * @throws BadSetting  naming the addresses that are none; what held before goes on
 */
export async function beginAlerting(
  params: AlertParams,
  ports: AlertPorts & Pick<Ports, 'credentials' | 'log'>,
): Promise<Stop> {
  const { smtp = {}, 'alert-channel': channel = {} } = ports.credentials;
  // A mail server that cannot be used must not keep alerts from being raised: they wait, and are shown.
  const orSay = <Value>(read: () => Value | null): Value | null => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof BillingAuditError)) throw thrown;
      ports.log.error(`${thrown.message} Mails wait until it is corrected. ${thrown.hint}`);
      return null;
    }
  };
  const routes: AlertRoutes = {
    mail: orSay(() => readRoute({ ...smtp, url: smtp['url'] ?? '', from: smtp['from'] ?? '' })),
    channelUrl: orSay(() => readChannel(channel['url'] ?? '')),
  };
  return deskOf(ports).enlist(ruleOf(params, ports), routes);
}

function deskOf({ alerts }: AlertPorts): AlertDesk {
  if (!alerts) throw new AlertingMissing();
  return alerts;
}

function ruleOf(params: AlertParams, { nodeId, settings }: AlertPorts): AlertRule {
  return ruleFrom(nodeId ?? 'alert', params, settings);
}

function alertOf(event: RecordedEvent, rule: AlertRule, { always, why }: Decision, practice: boolean): Alert {
  const told = { event, notice: null, severity: event.severity, always, why };
  const { subject, text } = composeMail(
    {
      kind: 'first',
      recipient: rule.recipients.join(', ') || 'nobody',
      total: 1,
      alerts: [told],
      tallies: [],
      since: event.changed_at,
      mailsPerHour: rule.mailsPerHour,
      groupMinutes: rule.groupMinutes,
    },
    { ...rule.frame, practice, dashboardLink: () => null },
  );
  return {
    event_key: event.event_key,
    severity: event.severity,
    always,
    why: [...why],
    recipients: [...rule.recipients],
    subject,
    text,
    event,
  };
}
