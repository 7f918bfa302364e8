import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { AddressInfo, Server, Socket } from 'node:net';

const load = createRequire(resolve(__dirname, '../hosts/package.json'));

interface SmtpSession {
  readonly id: string;
}
type Done = (failure?: (Error & { responseCode?: number }) | null, answer?: unknown) => void;
interface GivenLogin {
  readonly username: string;
  readonly password?: string;
  readonly accessToken?: string;
}
interface ServerOptions {
  readonly [name: string]: unknown;
}
interface SmtpServer {
  readonly server: Server;
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
  on(event: 'error', listener: () => void): void;
  readonly connections: Set<{ readonly _socket: Socket }>;
}
const { SMTPServer } = load('smtp-server') as { SMTPServer: new (options: ServerOptions) => SmtpServer };
const { simpleParser } = load('mailparser') as { simpleParser: (raw: Buffer) => Promise<ParsedMail> };

/** A mail as it arrived, parsed by somebody else's code. */
export interface ParsedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly inReplyTo?: string;
  readonly from: { readonly text: string };
  readonly to: { readonly text: string };
  readonly headers: Map<string, unknown>;
}

/** What the server does next; a test changes it while the server runs. */
export type Mood = 'well' | 'refuse-550' | 'later-451' | 'stall' | 'die-after-data' | 'refuse-data-554';

export interface PostOffice {
  mood: Mood;
  readonly port: number;
  readonly arrived: ParsedMail[];
  /** Whole texts that the server got, also those that it never answered. */
  readonly texts: string[];
  /** Connections that were opened. */
  connections: number;
  close(): Promise<void>;
}

export interface PostOfficeOptions {
  /** What users log in with; null = nobody has to. */
  readonly login?: { readonly user: string; readonly password: string } | null;
  /** OAuth2 instead: whether the server takes this access token. */
  readonly takesToken?: (user: string, accessToken: string) => boolean;
  readonly tls?: 'none' | 'self-signed';
  readonly folder?: string;
}

/** A real SMTP server that takes, refuses, delays or drops mails. */
export async function openPostOffice(options: PostOfficeOptions = {}): Promise<PostOffice> {
  const { login = null, takesToken, tls = 'none' } = options;
  const state = { mood: 'well' as Mood, arrived: [] as ParsedMail[], texts: [] as string[], connections: 0 };
  const server = new SMTPServer({
    authOptional: login === null && !takesToken,
    ...(takesToken ? { authMethods: ['XOAUTH2'] } : {}),
    allowInsecureAuth: true,
    disabledCommands: [...(login || takesToken ? [] : ['AUTH']), ...(tls === 'none' ? ['STARTTLS'] : [])],
    ...(tls === 'self-signed' ? certificate(options.folder ?? '') : {}),
    closeTimeout: 100,
    onConnect: (_session: SmtpSession, done: Done) => {
      state.connections += 1;
      if (state.mood !== 'stall') done();
    },
    onAuth: (given: GivenLogin, _session: SmtpSession, done: Done) => {
      if (takesToken) {
        return takesToken(given.username, given.accessToken ?? '')
          ? done(null, { user: given.username })
          : done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
      }
      return given.username === login?.user && given.password === login.password
        ? done(null, { user: given.username })
        : done(answer(535, 'authentication failed'));
    },
    onRcptTo: (_address: unknown, _session: SmtpSession, done: Done) => {
      if (state.mood === 'refuse-550') return done(answer(550, 'no such mailbox'));
      if (state.mood === 'later-451') return done(answer(451, 'greylisted, come back later'));
      done();
    },
    onData: (stream: NodeJS.ReadableStream, _session: SmtpSession, done: Done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        state.texts.push(raw.toString('utf8'));
        if (state.mood === 'die-after-data') {
          for (const { _socket } of server.connections) _socket.destroy();
          return;
        }
        if (state.mood === 'refuse-data-554') return done(answer(554, 'looks like spam'));
        simpleParser(raw).then(
          (mail) => {
            state.arrived.push(mail);
            done(null, 'taken');
          },
          (thrown: Error) => done(thrown),
        );
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return Object.assign(state, {
    port: (server.server.address() as AddressInfo).port,
    close: () => {
      for (const { _socket } of server.connections) _socket.destroy();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  });
}

function answer(responseCode: number, text: string): Error & { responseCode: number } {
  return Object.assign(new Error(text), { responseCode });
}

/** A certificate that nobody trusts. */
function certificate(folder: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
