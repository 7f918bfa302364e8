import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { whyNotListening } from '../port-in-use';
import { areaOf, type Area } from './area';
import { refusal, refusedAtSight, refusedByRight, type RefusalName, type Scope } from './decision';
import { RefusalReports } from './refusal-reports';
import { factsOf, type RequestFacts } from './request-facts';
import { refuseInForm, refuseRequest, refuseUpgrade } from './refuse';
import type { Session } from './session';
import type { SignIn, Visitor } from './sign-in';

/** A request that came through the door, with who sent it. */
export interface Arrival {
  readonly facts: RequestFacts;
  /** Null on public routes and the sign-in page. */
  readonly visitor: Visitor | null;
  /** What the port serves by which the request came. */
  readonly scope: Scope;
}

/** How a route's callers are told that they were refused; null where the door's own form will do. */
export type RefusedForm = (
  facts: RequestFacts,
  refused: RefusalName,
) => { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } | null;

export interface FrontDoorOptions {
  readonly signIn: SignIn;
  /** The pages of this folder: sign-in, account, people. */
  readonly pages: RequestListener;
  /** Called for what goes through to the server behind, to hand the visitor on. */
  readonly handOn: (request: IncomingMessage, arrival: Arrival) => void;
  readonly refusedForm?: RefusedForm;
  /** A failure of ours while a request was looked at; it has been answered with 500. */
  readonly onFailure: (failure: unknown) => void;
}

const OUR_PAGES: readonly Area[] = [
  'sign_in_page',
  'sign_in_asset',
  'sign_out',
  'account',
  'people',
  'start',
  'editor_sign_out',
  'dashboard_worker',
];
const SWEEP_EVERY = 10_000;

const arrivals = new WeakMap<IncomingMessage, Arrival>();

/** What the door found out about a request; null for one that did not come through it. */
export function arrivalOf(request: IncomingMessage): Arrival | null {
  return arrivals.get(request) ?? null;
}

/**
 * The only way in. The listening sockets are here; the server behind, which Node-RED and socket.io attach themselves to,
 * never listens and sees only what was let through, be it a request or an upgrade. So nothing can be mounted past the gate.
 */
export class FrontDoor {
  readonly behind: Server = createServer();
  private readonly listeners: Server[] = [];
  private readonly open = new Map<string, Set<Duplex>>();
  private readonly upgraded = new Set<Duplex>();
  private readonly reports: RefusalReports;
  private readonly sweeping: NodeJS.Timeout;

  constructor(private readonly options: FrontDoorOptions) {
    this.reports = new RefusalReports(options.signIn.now);
    options.signIn.sessions.onEnd((session) => this.closeAllOf(session));
    this.sweeping = setInterval(() => void options.signIn.sweep().catch(options.onFailure), SWEEP_EVERY).unref();
  }

  /**
   * @param port  0 for any free one
   * @returns the port that was taken
   * @throws PortInUse, PortNotAllowed, HostNotHere
   */
  async listen(host: string, port: number, scope: Scope): Promise<number> {
    const server = createServer((request, response) => void this.receive(request, response, scope));
    server.on('upgrade', (request, socket, head) => void this.receiveUpgrade(request, socket, head, scope));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(whyNotListening(host, port, error)));
      server.listen(port, host, resolve);
    });
    this.listeners.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    clearInterval(this.sweeping);
    const closed = this.listeners.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of this.listeners) server.closeAllConnections();
    for (const socket of this.upgraded) socket.destroy();
    await Promise.all(closed);
    this.options.signIn.sessions.flush();
  }

  private async receive(request: IncomingMessage, response: ServerResponse, scope: Scope): Promise<void> {
    try {
      const facts = factsOf(request);
      const { arrival, refused } = await this.decide(facts, scope);
      if (refused) return this.refuse(request, response, facts, refused);
      arrivals.set(request, arrival);
      if (OUR_PAGES.includes(areaOf(facts))) return this.options.pages(request, response);
      if (arrival.visitor?.session) this.keep(arrival.visitor.session, request.socket, response);
      this.options.handOn(request, arrival);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('X-Frame-Options', 'SAMEORIGIN');
      this.behind.emit('request', request, response);
    } catch (failure) {
      this.options.onFailure(failure);
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'application/json' });
      response.end('{"error":"internal","hint":"Look at the log of this server."}\n');
    }
  }

  private async receiveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, scope: Scope): Promise<void> {
    // A browser that goes away while we look must not end the process.
    socket.on('error', () => socket.destroy());
    try {
      const facts = factsOf(request, true);
      const { arrival, refused } = await this.decide(facts, scope);
      if (refused) return refuseUpgrade(socket, refusal(refused));
      arrivals.set(request, arrival);
      this.upgraded.add(socket);
      socket.once('close', () => this.upgraded.delete(socket));
      if (arrival.visitor?.session) this.keep(arrival.visitor.session, socket, socket);
      this.options.handOn(request, arrival);
      if (!this.behind.emit('upgrade', request, socket, head)) socket.destroy();
    } catch (failure) {
      this.options.onFailure(failure);
      socket.destroy();
    }
  }

  private async decide(facts: RequestFacts, scope: Scope): Promise<{ arrival: Arrival; refused: RefusalName | null }> {
    const { signIn } = this.options;
    const atSight = refusedAtSight(facts, scope, signIn.policy);
    if (atSight) return this.refusedAs(atSight, { facts, visitor: null, scope });
    const visitor = areaOf(facts) === 'public' ? null : await signIn.visitor(facts);
    const byRight = refusedByRight(facts, visitor?.role ?? null, signIn.policy, visitor?.lacksFactor);
    if (byRight) return this.refusedAs(byRight, { facts, visitor, scope });
    return { arrival: { facts, visitor, scope }, refused: null };
  }

  private refuse(request: IncomingMessage, response: ServerResponse, facts: RequestFacts, refused: RefusalName): void {
    const form = this.options.refusedForm?.(facts, refused) ?? null;
    if (form) refuseInForm(request, response, form);
    else refuseRequest(request, response, facts, refusal(refused));
  }

  private refusedAs(refused: RefusalName, arrival: Arrival): { arrival: Arrival; refused: RefusalName } {
    const { facts, visitor } = arrival;
    const reason = refusal(refused).error;
    const more = this.reports.due(facts.address, reason);
    if (more !== null) this.options.signIn.refused(facts, visitor, reason, more);
    return { arrival, refused };
  }

  /** Remembers what a session has open, so that its end is felt at once and not at the next request. */
  private keep(session: Session, socket: Duplex, until: NodeJS.EventEmitter): void {
    const sockets = this.open.get(session.id) ?? new Set<Duplex>();
    this.open.set(session.id, sockets.add(socket));
    until.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.open.get(session.id) === sockets) this.open.delete(session.id);
    });
  }

  private closeAllOf(session: Session): void {
    for (const socket of this.open.get(session.id) ?? []) socket.destroy();
  }
}
