import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  dashboardHooks,
  type DashboardConnection,
  type RefusedAction,
} from '../../hosts/node-red/dashboard-plugin/hooks';

const as = (role: string): DashboardConnection => ({ data: { user: { name: `${role}@example.com`, role } } });
const nobody: DashboardConnection = {};
const verdict = { action: 'mark', payload: {} };

let refused: RefusedAction[];
const hooks = dashboardHooks((action) => void refused.push(action));
beforeEach(() => {
  refused = [];
});

/** The actions that our pages send, as their sources name them. */
const sentByPages = (): string[] => {
  const folder = resolve(__dirname, '../../dashboards/source');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|js)$/.test(name));
  const texts = sources.map((name) => readFileSync(join(folder, name), 'utf8'));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/(?:say\(|action: )'(\w+)'/g)].map(([, name]) => String(name)),
  );
  return [...new Set(names)].sort();
};

describe('the plugin of the dashboard', () => {
  it('lets every action of our own pages pass, of somebody who has every right', () => {
    const names = sentByPages();
    expect(names).toEqual(expect.arrayContaining(['hello', 'mark', 'models', 'patterns', 'roll_back']));
    for (const action of names) hooks.onAction(as('admin'), 'widget-1', { action, payload: {} });
    expect(refused).toEqual([]);
  });

  it('names the person that the server knows, whoever the browser says it is', () => {
    const forged = () => ({ payload: 1, _client: { user: { name: 'boss', role: 'admin' }, socketId: 'other' } });
    expect(hooks.onAddConnectionCredentials(as('viewer'), forged())).toEqual({
      payload: 1,
      _client: { user: { name: 'viewer@example.com', role: 'viewer' } },
    });
    expect(hooks.onAddConnectionCredentials(nobody, forged())).toEqual({ payload: 1, _client: {} });
  });

  it.each(['viewer', 'auditor', 'something new'])(
    'stops a verdict of a %s, in whatever wrapping, and tells it',
    (role) => {
      for (const message of [verdict, [verdict], [[null, verdict]], [[[[[verdict]]]]]]) {
        expect(hooks.onAction(as(role), 'widget-1', message)).toBeNull();
      }
      expect(refused).toHaveLength(4);
      expect(refused[0]).toEqual({ user: as(role).data?.user, widget: 'widget-1', why: 'records a verdict' });
    },
  );

  it.each([
    ['mark', 'records a verdict'],
    ['judge', 'says whether a change was a real problem'],
    ['approve', 'records an approval'],
    ['replay', 'puts callbacks back to work'],
    ['roll_back', 'takes the model in force back'],
    ['button_click', 'acts on a table'],
    ['erase', 'is an action that nobody knows'],
    ['constructor', 'is an action that nobody knows'],
    [undefined, 'acts without saying what it does'],
    [{ toString: null }, 'is no action of a page'],
  ])('stops a viewer who sends the action %j', (action, why) => {
    expect(hooks.onAction(as('viewer'), 'widget-1', { action, payload: {} })).toBeNull();
    expect(refused).toMatchObject([{ why }]);
  });

  it('lets an auditor say whether a change was a real problem, and decide nothing', () => {
    const judgement = { action: 'judge', payload: {} };
    expect(hooks.onAction(as('auditor'), 'widget-1', judgement)).toBe(judgement);
    expect(hooks.onAction(as('manager'), 'widget-1', judgement)).toBe(judgement);
    expect(hooks.onAction(as('auditor'), 'widget-1', [judgement, verdict])).toBeNull();
    expect(refused).toMatchObject([{ why: 'records a verdict' }]);
  });

  it('stops an action that nobody knows of a manager too, on both ways in, wherever it hides', () => {
    const forged = { action: 'erase', payload: {} };
    for (const message of [forged, [verdict, forged], [[forged]], [[[[[[verdict]]]]]]]) {
      expect(hooks.onAction(as('manager'), 'widget-1', message)).toBeNull();
      expect(hooks.onSend(as('admin'), 'widget-1', message)).toBeNull();
    }
    expect(refused).toHaveLength(8);
    const ownButton = { payload: 'pressed' };
    expect(hooks.onAction(as('manager'), 'widget-1', ownButton)).toBe(ownButton);
  });

  it('takes no offence at a notification that goes', () => {
    for (const payload of ['timeout', 'dismiss_clicked'])
      expect(hooks.onAction(as('viewer'), 'toast', { payload })).toEqual({ payload });
    expect(hooks.onAction(as('viewer'), 'toast', { payload: 'confirm_clicked' })).toBeNull();
    expect(refused).toHaveLength(1);
  });

  it('brings what is for one person to all pages of this person, to no other, and keeps it for nobody', () => {
    const answer = { payload: { reader: {} }, _client: { user: { name: 'viewer@example.com' } } };
    expect(hooks.onIsValidConnection(as('viewer'), answer)).toBe(true);
    expect(hooks.onIsValidConnection(as('manager'), answer)).toBe(false);
    expect(hooks.onIsValidConnection(as('manager'), { payload: 1 })).toBe(true);
    expect(hooks.onIsValidConnection(nobody, answer)).toBe(true);
    expect([hooks.onCanSaveInStore(answer), hooks.onCanSaveInStore({ payload: 1 })]).toEqual([false, true]);
  });

  it.each(['manager', 'admin'])('lets a %s decide, and change what others see', (role) => {
    expect(hooks.onAction(as(role), 'widget-1', verdict)).toBe(verdict);
    expect(hooks.onSend(as(role), 'widget-1', verdict)).toBe(verdict);
    expect(hooks.onChange(as(role), 'widget-1', verdict)).toBe(verdict);
  });

  it('lets a viewer turn pages, but not put anything on a page that others load', () => {
    for (const action of ['hello', 'page', 'seen']) {
      const question = { action, payload: { after: null } };
      expect(hooks.onAction(as('viewer'), 'widget-1', question)).toBe(question);
    }
    expect(hooks.onSend(as('viewer'), 'widget-1', { payload: 'forged numbers' })).toBeNull();
    expect(hooks.onChange(as('viewer'), 'widget-1', { payload: 'forged numbers' })).toBeNull();
  });

  it('never throws, whatever arrives: a throw would end the whole Node-RED', () => {
    const odd = [
      null,
      undefined,
      0,
      'text',
      [],
      [[]],
      { action: { toString: null } },
      Object.create(null),
    ] as unknown[];
    for (const connection of [nobody, as('viewer'), { data: {} }, { data: { user: {} } } as never]) {
      for (const message of odd) {
        expect(() => hooks.onAction(connection, 'w', message)).not.toThrow();
        expect(() => hooks.onSend(connection, 'w', message)).not.toThrow();
        expect(() => hooks.onChange(connection, 'w', message)).not.toThrow();
        expect(() => hooks.onIsValidConnection(connection, message)).not.toThrow();
        expect(() => hooks.onCanSaveInStore(message)).not.toThrow();
      }
    }
  });
});
