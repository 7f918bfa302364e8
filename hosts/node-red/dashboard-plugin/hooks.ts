/** Who a browser belongs to, as the sign-in of the server found out; it never comes from what the browser sends. */
export interface DashboardUser {
  readonly name: string;
  readonly role: string;
}

/** The part of a socket.io connection that is looked at. `data` is the server's own. */
export interface DashboardConnection {
  readonly data?: { readonly user?: DashboardUser };
}

/** What was refused, for the log of the host. */
export interface RefusedAction {
  readonly user: DashboardUser;
  readonly widget: string;
  readonly why: string;
}

type Message = unknown;

/** The hooks of Dashboard 2.0 that are used here. An answer of null stops the message. None of them ever throws. */
export interface DashboardHooks {
  onAddConnectionCredentials(connection: DashboardConnection, message: Record<string, unknown>): object;
  onAction(connection: DashboardConnection, widget: string, message: Message): Message;
  onChange(connection: DashboardConnection, widget: string, message: Message): Message;
  onSend(connection: DashboardConnection, widget: string, message: Message): Message;
}

const MAY_DECIDE = new Set(['manager', 'admin']);

/** Deeper than any message of a page; what hides below is not looked at, so it is refused. */
const DEEPEST = 4;

/**
 * Puts the signed-in person on each message of a page, and stops what the person has no right to. The database checks
 * again: this is where a forged action ends early and is told.
 *
 * Where nobody is signed in (a Node-RED without our sign-in) nothing is stopped here, and nobody is named: a verdict is
 * then refused by the store.
 * @param refused  told of each action that was stopped
 */
export function dashboardHooks(refused: (action: RefusedAction) => void): DashboardHooks {
  const stop = (user: DashboardUser, widget: string, why: string): null => {
    refused({ user, widget, why });
    return null;
  };
  /** `widget-send` and `widget-change` are kept by the dashboard and shown to everybody who comes later. */
  const shared = (connection: DashboardConnection, widget: string, message: Message): Message => {
    const user = userOf(connection);
    if (user === null || MAY_DECIDE.has(user.role)) return message;
    return stop(user, widget, 'changes what others see');
  };
  return {
    onAddConnectionCredentials: (connection, message) => {
      const user = userOf(connection);
      // Whatever the browser wrote there is gone; the dashboard adds the socket itself.
      message['_client'] = user === null ? {} : { user };
      return message;
    },
    onAction: (connection, widget, message) => {
      const user = userOf(connection);
      if (user === null || MAY_DECIDE.has(user.role) || !asksForVerdict(message, DEEPEST)) return message;
      return stop(user, widget, 'records a verdict');
    },
    onChange: shared,
    onSend: shared,
  };
}

function userOf({ data }: DashboardConnection): DashboardUser | null {
  const { name, role } = data?.user ?? {};
  return typeof name === 'string' && typeof role === 'string' && name !== '' ? { name, role } : null;
}

/** A list of messages is sent as several, so each is looked at. */
function asksForVerdict(message: Message, depth: number): boolean {
  if (typeof message !== 'object' || message === null) return false;
  if (!Array.isArray(message)) return (message as { action?: unknown }).action === 'mark';
  return depth === 0 || message.some((each) => asksForVerdict(each, depth - 1));
}
