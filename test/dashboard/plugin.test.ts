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

describe('the plugin of the dashboard', () => {
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

  it.each(['manager', 'admin'])('lets a %s decide, and change what others see', (role) => {
    expect(hooks.onAction(as(role), 'widget-1', verdict)).toBe(verdict);
    expect(hooks.onSend(as(role), 'widget-1', verdict)).toBe(verdict);
    expect(hooks.onChange(as(role), 'widget-1', verdict)).toBe(verdict);
  });

  it('lets a viewer turn pages, but not put anything on a page that others load', () => {
    const question = { action: 'page', payload: { after: null } };
    expect(hooks.onAction(as('viewer'), 'widget-1', question)).toBe(question);
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
      }
    }
  });
});
