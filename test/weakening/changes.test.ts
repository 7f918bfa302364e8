import { configurationOf } from '../../hosts/node-red/runtime/deployed-configuration';
import type { FlowNode } from '../../hosts/node-red/runtime/reach';
import { changesOf, weakenings, type ConfigurationChange } from '../../lib/weakening';
import { nodes as definitions } from '../../nodes';

type Environment = Readonly<Record<string, string>>;

const environment: Environment = {
  SMARTSHEET_SHEETS: '11,12',
  ALERT_TO: 'manager@example.com, auditor@example.com',
  ANCHOR_FOLDER: '/mnt/anchors',
  ANCHOR_MAIL_TO: 'auditor@example.com',
  SMTP_URL: 'smtps://me:secret@smtp.example.com',
};

/** Trigger, rules, score, trail and alert in a row, with a debug node beside them. */
const flow: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Watch' },
  { id: 'shared', type: 'billing-audit-settings', severityHighAbove: '1000' },
  {
    id: 'trigger',
    type: 'billing-audit-smartsheet-trigger',
    z: 'tab',
    sheets: '${SMARTSHEET_SHEETS}',
    wires: [['rules']],
  },
  { id: 'rules', type: 'billing-audit-billing-rules', z: 'tab', operation: 'judge', wires: [['score', 'debug']] },
  { id: 'score', type: 'billing-audit-risk-score', z: 'tab', wires: [['trail'], []] },
  { id: 'trail', type: 'billing-audit-audit-trail', z: 'tab', operation: 'append', wires: [['alert']] },
  { id: 'alert', type: 'billing-audit-alert', z: 'tab', name: 'Managers', alertFrom: 0.7, wires: [[]] },
  { id: 'debug', type: 'debug', z: 'tab', wires: [] },
];

function edited(id: string, over: Readonly<Record<string, unknown>>): readonly FlowNode[] {
  return flow.map((node) => (node.id === id ? { ...node, ...over } : node));
}
const without = (id: string): readonly FlowNode[] => flow.filter((node) => node.id !== id);

function stepTo(
  after: readonly FlowNode[],
  environmentAfter: Environment = environment,
  before: readonly FlowNode[] = flow,
): readonly ConfigurationChange[] {
  const [was, is] = [
    configurationOf(before, definitions, environment),
    configurationOf(after, definitions, environmentAfter),
  ];
  const changes = changesOf(was, is, definitions);
  expect(weakenings(was, is, definitions)).toEqual(changes.filter(({ weakens }) => weakens));
  return changes;
}

describe('what weakens detection', () => {
  it.each<[string, readonly FlowNode[], string]>([
    ['an alert threshold that is raised', edited('alert', { alertFrom: 0.9 }), 'Alert "Managers": Tell from a risk of'],
    [
      'an alert severity that is raised',
      edited('alert', { severityFrom: 'NONE' }),
      'Alert "Managers": Tell of violations',
    ],
    [
      'a recipient that is removed',
      edited('alert', { recipients: 'manager@example.com' }),
      'Alert "Managers": Who is told',
    ],
    ['a sheet that is removed', edited('trigger', { sheets: '11' }), 'Smartsheet Trigger: Sheets'],
    ['a slower look', edited('trigger', { pollSeconds: 600 }), 'Smartsheet Trigger: Look every'],
    ['quick looks switched off', edited('trigger', { quick: false }), 'Smartsheet Trigger: Faster than callbacks'],
    [
      'a limit of a rule that is raised on the node',
      edited('rules', { severityMediumAbove: 500 }),
      'Billing Rules: Medium severity above',
    ],
    [
      'a limit that is raised for all',
      edited('shared', { severityHighAbove: '5000' }),
      'Billing settings: High severity above',
    ],
    [
      'a tracked column that is removed',
      edited('shared', { trackedColumns: 'Quantity' }),
      'Billing settings: Tracked columns',
    ],
    ['longer business hours', edited('shared', { businessHours: '06:00-22:00' }), 'Billing settings: Business hours'],
    [
      'a week that closes later',
      edited('shared', { closesAfterHours: 48 }),
      'Billing settings: Week closes after (hours)',
    ],
    ['fewer points for a factor', edited('score', { weights: '{"weekend":5}' }), 'Risk Score: Points for each factor'],
    [
      'a threshold that is worked out from messages',
      edited('score', { highRiskFrom: 'payload', highRiskFromType: 'msg' }),
      'Risk Score: High risk from',
    ],
    ['a node that is disabled', edited('score', { d: true }), 'Risk Score'],
    ['a node that is removed', without('alert'), 'Alert "Managers"'],
    ['a node that does something else now', edited('rules', { operation: 'check' }), 'Billing Rules: What to do'],
    ['a wire that is cut', edited('rules', { wires: [['debug']] }), 'Billing Rules: Connections'],
    [
      'a filter that is put in between',
      [...edited('rules', { wires: [['filter']] }), { id: 'filter', type: 'switch', z: 'tab', wires: [['score']] }],
      'Billing Rules: Between',
    ],
  ])('is %s', (_what, after, subject) => {
    const weaker = stepTo(after).filter(({ weakens }) => weakens);
    expect(weaker.map(({ subject: what, field }) => (field === null ? what : `${what}: ${field}`))).toEqual([subject]);
  });

  it('is a flow that is disabled: each of its nodes is told', () => {
    const weaker = stepTo(edited('tab', { disabled: true })).filter(({ weakens }) => weakens);
    expect(weaker.map(({ subject }) => subject)).toEqual([
      'Smartsheet Trigger',
      'Billing Rules',
      'Risk Score',
      'Audit Trail',
      'Alert "Managers"',
    ]);
    expect(weaker[0]).toMatchObject({ before: 'deployed', after: 'disabled' });
  });

  it('is a variable that is taken away, a recipient of anchors among them, and no secret is kept of it', () => {
    const { SMTP_URL: _gone, ...left } = environment;
    const changes = stepTo(flow, {
      ...left,
      ANCHOR_FOLDER: '',
      ANCHOR_MAIL_TO: 'other@example.com',
      ALERT_TO: 'manager@example.com',
    });
    expect(changes.filter(({ weakens }) => weakens).map(({ subject }) => subject)).toEqual([
      'Alert "Managers"',
      'ANCHOR_FOLDER',
      'ANCHOR_MAIL_TO',
      'SMTP_URL',
    ]);
    expect(changes.find(({ subject }) => subject === 'SMTP_URL')).toMatchObject({ before: 'set', after: null });
    expect(JSON.stringify(configurationOf(flow, definitions, environment))).not.toContain('secret');
  });

  it('names both values', () => {
    expect(stepTo(edited('alert', { alertFrom: 0.9 }))).toEqual([
      {
        subject: 'Alert "Managers"',
        field: 'Tell from a risk of',
        before: '0.7',
        after: '0.9',
        weakens: true,
        because:
          '"Tell from a risk of" of Alert "Managers" was changed from 0.7 to 0.9: less is found or told than before.',
      },
    ]);
  });
});

describe('what does not weaken detection', () => {
  it.each<[string, readonly FlowNode[]]>([
    ['a lower threshold', edited('alert', { alertFrom: 0.5 })],
    [
      'one more recipient',
      edited('alert', { recipients: 'manager@example.com, auditor@example.com, new@example.com' }),
    ],
    ['a lower limit for all', edited('shared', { severityHighAbove: '500' })],
    ['shorter business hours', edited('shared', { businessHours: '09:00-17:00' })],
    ['more points', edited('score', { weights: '{"weekend":50}' })],
    ['another prefix of subjects', edited('alert', { subjectPrefix: 'Audit' })],
    [
      'a node that is added',
      [...flow, { id: 'a2', type: 'billing-audit-alert', z: 'tab', recipients: 'x@example.com', wires: [] }],
    ],
  ])('is recorded: %s', (_what, after) => {
    const changes = stepTo(after);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.filter(({ weakens }) => weakens)).toEqual([]);
  });

  it.each<[string, readonly FlowNode[]]>([
    ['the same flow', flow],
    ['a node that is moved', edited('alert', { x: 700, y: 20 })],
    ['a debug node that is removed', without('debug')],
    ['a value that is written out instead of inherited', edited('rules', { severityHighAbove: 1000 })],
    ['the same sheets, named on the node', edited('trigger', { sheets: '11, 12' })],
    [
      'an import that gives a node another id',
      flow.map((node) => JSON.parse(JSON.stringify(node).replaceAll('"score"', '"again"')) as FlowNode),
    ],
    [
      'a link in place of a wire',
      [
        ...edited('rules', { wires: [['out', 'debug']] }),
        { id: 'out', type: 'link out', z: 'tab', links: ['in'], wires: [] },
        { id: 'in', type: 'link in', z: 'tab', wires: [['score']] },
      ],
    ],
  ])('is nothing: %s', (_what, after) => {
    expect(stepTo(after)).toEqual([]);
  });

  it('is a disabled node that is removed', () => {
    const off = edited('score', { d: true });
    expect(stepTo(without('score'), environment, off)).toMatchObject([{ subject: 'Risk Score', weakens: false }]);
  });

  it('goes into a subflow and out of it', () => {
    const inside: readonly FlowNode[] = [
      ...flow
        .filter(({ id }) => id !== 'score')
        .map((node) => (node.id === 'rules' ? { ...node, wires: [['box']] } : node)),
      { id: 'box', type: 'subflow:sub', z: 'tab', wires: [['trail']] },
      {
        id: 'sub',
        type: 'subflow',
        name: 'Score',
        in: [{ wires: [{ id: 'score' }] }],
        out: [{ wires: [{ id: 'score', port: 0 }] }],
      },
      { id: 'score', type: 'billing-audit-risk-score', z: 'sub', wires: [[], []] },
    ];
    const { nodes } = configurationOf(inside, definitions, environment);
    expect(nodes.find(({ id }) => id === 'rules')).toMatchObject({
      reaches: ['score'],
      between: { box: expect.any(String) },
    });
    expect(nodes.find(({ id }) => id === 'score')).toMatchObject({ on: true, reaches: ['trail'] });
    const cut = inside.map((node) => (node.id === 'box' ? { ...node, d: true } : node));
    expect(configurationOf(cut, definitions, environment).nodes.find(({ id }) => id === 'score')).toMatchObject({
      on: false,
    });
  });
});
