import type { NodeAPI } from 'node-red';
import { dashboardHooks, type DashboardHooks } from './hooks';

// The type package describes Node-RED 1.3, which had no plugins yet.
interface WithPlugins {
  readonly plugins: {
    registerPlugin(id: string, plugin: { readonly type: string; readonly hooks: DashboardHooks }): void;
  };
  readonly log: { audit(record: Readonly<Record<string, unknown>>): void; warn(text: string): void };
}

/** Joins Dashboard 2.0, if it is there: it finds plugins by their type. */
export function registerDashboardPlugin(RED: NodeAPI): void {
  const { plugins, log } = RED as unknown as WithPlugins;
  const hooks = dashboardHooks(({ user, widget, why }) => {
    log.audit({
      event: 'billing-audit.dashboard.refused',
      user: { username: user.name },
      role: user.role,
      widget,
      why,
    });
    log.warn(`[billing-audit] The dashboard refused an action of ${user.name} (${user.role}): it ${why}.`);
  });
  plugins.registerPlugin('billing-audit-dashboard', { type: 'node-red-dashboard-2', hooks });
}
