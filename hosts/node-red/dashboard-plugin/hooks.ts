import { actionsIn, rightsOf, why } from './rights';

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
  onIsValidConnection(connection: DashboardConnection, message: Message): boolean;
  onCanSaveInStore(message: Message): boolean;
}

/**
 * Puts the signed-in person on each message of a page, and stops what the person has no right to: every action is looked
 * up by its name, and one that nobody knows is stopped too. The database checks again: this is where a forged action
 * ends early and is told.
 *
 * Where nobody is signed in (a Node-RED without our sign-in) nothing is stopped here, and nobody is named: a verdict is
 * then refused by the store.
 * @param refused  told of each action that was stopped
 */
export function dashboardHooks(refused: (action: RefusedAction) => void): DashboardHooks {
  const stop = (user: DashboardUser, widget: string, reason: string): null => {
    refused({ user, widget, why: reason });
    return null;
  };
  const judged = (user: DashboardUser, widget: string, message: Message): Message => {
    const reason = actionsIn(message)
      .map((action) => why(action, rightsOf(user.role)))
      .find((refusal) => refusal !== null);
    return reason === undefined ? message : stop(user, widget, reason);
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
      return user === null ? message : judged(user, widget, message);
    },
    // What is changed here was stored by the server; the value itself is a widget's own and has no action.
    onChange: (connection, widget, message) => shared(connection, widget, message, stop, () => message),
    onSend: (connection, widget, message) =>
      shared(connection, widget, message, stop, (user) => judged(user, widget, message)),
    // What is for one person reaches all pages that this person has open, and no other.
    onIsValidConnection: (connection, message) => {
      const [user, addressee] = [userOf(connection), addresseeOf(message)];
      return user === null || addressee === null || user.name === addressee;
    },
    // It is not kept for those who come later either.
    onCanSaveInStore: (message) => addresseeOf(message) === null,
  };
}

/** `widget-send` and `widget-change` are kept by the dashboard and shown to everybody who comes later. */
function shared(
  connection: DashboardConnection,
  widget: string,
  message: Message,
  stop: (user: DashboardUser, widget: string, reason: string) => null,
  pass: (user: DashboardUser) => Message,
): Message {
  const user = userOf(connection);
  if (user === null) return message;
  return rightsOf(user.role).mayDecide ? pass(user) : stop(user, widget, 'changes what others see');
}

function userOf({ data }: DashboardConnection): DashboardUser | null {
  const { name, role } = data?.user ?? {};
  return typeof name === 'string' && typeof role === 'string' && name !== '' ? { name, role } : null;
}

/** Whom a message of the server is for; null = everybody. */
function addresseeOf(message: Message): string | null {
  const client = (message as { _client?: { user?: { name?: unknown } } } | null | undefined)?._client;
  const name = client?.user?.name;
  return typeof name === 'string' ? name : null;
}
