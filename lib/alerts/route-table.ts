import { messageOf } from '../errors';
import type { Log } from '../ports';
import type { AlertRoutes } from './desk';
import type { MailTransport } from './mail-transport';
import { type MailRoute, readRoute } from './route';
import type { OpenRoute } from './sender';
import { smtpTransport } from './smtp-transport';

const PRACTICE_FROM = 'Billing Audit practice <practice@billing-audit.invalid>';

export interface RouteTableOptions {
  /** All mails go here, whatever nodes and environment say. */
  readonly always?: MailTransport;
  readonly log: Log;
}

/** Which mail server and second channel each rule uses: its node's own, else the environment's, else any other node's. */
export class RouteTable {
  /** What is wrong with `SMTP_URL` or `ALERT_FROM`; null when nothing is. */
  readonly environmentProblem: string | null;
  private readonly environmentRoute: OpenRoute | null;
  private readonly own = new Map<string, { readonly given: AlertRoutes; readonly route: OpenRoute | null }>();
  private readonly always: OpenRoute | null;

  constructor(environment: Readonly<Record<string, string | undefined>>, options: RouteTableOptions) {
    this.always = options.always ? { transport: options.always, from: PRACTICE_FROM } : null;
    const read = this.always ? { route: null, problem: null } : readEnvironment(environment);
    this.environmentRoute = read.route && opened(read.route);
    this.environmentProblem = read.problem;
    if (read.problem !== null) options.log.error(`Mails wait: ${read.problem}`);
  }

  add(ruleId: string, given: AlertRoutes): void {
    this.own.set(ruleId, { given, route: given.mail && opened(given.mail) });
  }

  /** Forgets a node's routes, unless the node was deployed anew in the meantime. */
  remove(ruleId: string, given: AlertRoutes): void {
    if (this.own.get(ruleId)?.given === given) this.own.delete(ruleId);
  }

  routeFor(ruleId: string): OpenRoute | null {
    const others = [...this.own.values()].map(({ route }) => route);
    return (
      this.always ??
      this.own.get(ruleId)?.route ??
      this.environmentRoute ??
      others.find((each) => each !== null) ??
      null
    );
  }

  channelFor(ruleId: string): string | null {
    const channels = [...this.own.values()].map(({ given }) => given.channelUrl);
    return this.own.get(ruleId)?.given.channelUrl ?? channels.find((each) => each !== null) ?? null;
  }
}

function opened(route: MailRoute): OpenRoute {
  return { transport: smtpTransport(route), from: route.from };
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): {
  readonly route: MailRoute | null;
  readonly problem: string | null;
} {
  try {
    const route = readRoute({ url: environment['SMTP_URL'] ?? '', from: environment['ALERT_FROM'] ?? '' });
    return { route, problem: null };
  } catch (thrown) {
    return { route: null, problem: messageOf(thrown) };
  }
}
