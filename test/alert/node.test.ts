import { alertNode } from '../../nodes/alert';
import { receive } from '../../lib/define';
import type { AlertDesk, AlertRoutes, AlertRule, RaisedAlert } from '../../lib/alerts';
import { defaultSettings } from '../../lib/settings';
import type { Ports } from '../../lib/ports';
import { event } from './samples';

const params = {
  recipients: 'manager@example.com',
  alertFrom: 0.7,
  severityFrom: 'HIGH',
  subjectPrefix: '',
  mailsPerHour: 10,
  groupMinutes: 10,
  findingsADay: 20,
} as const;

function portsWith(unrecorded: readonly string[] = [], credentials: Ports['credentials'] = {}) {
  const raised: RaisedAlert[] = [];
  const enlisted: { rule: AlertRule; routes: AlertRoutes }[] = [];
  const logged: string[] = [];
  const alerts: AlertDesk = {
    enlist: (rule, routes) => {
      enlisted.push({ rule, routes });
      return Promise.resolve(() => Promise.resolve());
    },
    raise: (_rule, given) => {
      raised.push(...given);
      return Promise.resolve({ unrecorded });
    },
  };
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (text: string) => void logged.push(text),
  };
  // The node takes no other port.
  const ports = { alerts, nodeId: 'n1', settings: defaultSettings, credentials, log } as unknown as Ports;
  return { ports, raised, enlisted, logged };
}

describe('the Alert node', () => {
  it('raises the alert and gives it with its words and recipients', async () => {
    const { ports, raised } = portsWith();
    const { alert } = await alertNode.run(event(), params, ports);
    expect(raised).toMatchObject([{ eventKey: event().event_key, always: true }]);
    expect(receive(alertNode.outputs.alert, alert)).toMatchObject({
      severity: 'HIGH',
      recipients: ['manager@example.com'],
      subject: 'HIGH: Units Total Price changed from $77,183.60 to $0.00 by customer-12346 in a closed week',
    });
    expect(alertNode.status?.({ alert: alert! })).toEqual({ state: 'warning', text: 'HIGH: told 1 person' });
  });

  it('says in the subject it gives on that practice data is made up', async () => {
    const { ports } = portsWith();
    const practising = { ...ports, alerts: { ...ports.alerts!, practice: true } };
    const { alert } = await alertNode.run(event(), params, practising);
    expect(receive(alertNode.outputs.alert, alert)).toMatchObject({
      subject: expect.stringMatching(/^\[PRACTICE\] HIGH: /u),
      text: expect.stringContaining('PRACTICE DATA'),
    });
  });

  it('gives nothing for an event that nobody is told of', async () => {
    const small = event({ severity: 'LOW', violation_type: 'NONE', is_historical: false, risk_score: 0, reasons: [] });
    const { ports, raised } = portsWith();
    expect(await alertNode.run(small, params, ports)).toEqual({});
    expect(raised).toEqual([]);
  });

  it('refuses an event that is not in the trail, and says where to connect it', async () => {
    const { ports } = portsWith([event().event_key]);
    await expect(alertNode.run(event(), params, ports)).rejects.toMatchObject({
      code: 'event_not_recorded',
      hint: expect.stringContaining('behind Audit Trail'),
    });
  });

  it('refuses addresses that are none, by name, when it is deployed and at each message', async () => {
    const { ports } = portsWith();
    const wrong = { ...params, recipients: 'manager@example.com, boss' };
    await expect(alertNode.run(event(), wrong, ports)).rejects.toThrow('"boss"');
    await expect(alertNode.begin!(wrong, ports)).rejects.toThrow('"boss"');
  });

  it('begins with its rule and its servers when it is deployed', async () => {
    const credentials = {
      smtp: { url: 'smtps://smtp.example.com', from: 'audit@example.com' },
      'alert-channel': { url: 'https://hooks.slack.com/services/x' },
    };
    const { ports, enlisted } = portsWith([], credentials);
    await alertNode.begin!(params, ports);
    expect(enlisted).toMatchObject([
      {
        rule: { ruleId: 'n1', recipients: ['manager@example.com'], riskFrom: 0.7 },
        routes: { mail: { server: { host: 'smtp.example.com' } }, channelUrl: 'https://hooks.slack.com/services/x' },
      },
    ]);
  });

  it('alerts though its mail server cannot be used, and says what to correct', async () => {
    const { ports, enlisted, logged } = portsWith([], { smtp: { url: 'nonsense:secret', from: '' } });
    await alertNode.begin!(params, ports);
    expect(enlisted).toMatchObject([{ routes: { mail: null } }]);
    expect(logged.join()).toContain('SMTP_URL');
    expect(logged.join()).not.toContain('secret');
  });
});
