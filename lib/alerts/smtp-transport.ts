import { Readable } from 'node:stream';
import SmtpConnection from 'nodemailer/lib/smtp-connection';
import XOAuth2 from 'nodemailer/lib/xoauth2';
import { messageOf } from '../errors';
import { MailFailure, type MailTransport } from './mail-transport';
import { mimeOf } from './mime';
import type { MailRoute, SmtpLogin, SmtpServer } from './route';

export interface SmtpTimeouts {
  /** Milliseconds for each: to connect, to be greeted, of silence. */
  readonly connect: number;
  readonly greet: number;
  readonly silence: number;
}

const DEFAULT_TIMEOUTS: SmtpTimeouts = { connect: 30_000, greet: 30_000, silence: 60_000 };

/**
 * Hands mails to one SMTP server, each over a connection of its own: alerts are few, and a connection kept open is one
 * more thing that can be half dead. The connection is driven by hand, because the moment at which the text begins to
 * leave must be known: before it a crash has sent nothing, after it nobody can say.
 */
export function smtpTransport({ server }: MailRoute, timeouts: SmtpTimeouts = DEFAULT_TIMEOUTS): MailTransport {
  // Kept from mail to mail: an access token lasts an hour, and providers count how often one is asked for.
  const tokens = tokenSource(server.login, timeouts);
  return {
    async deliver(mail, handOver, signal) {
      const bytes = await mimeOf(mail);
      const envelope = { from: bareAddress(mail.from), to: [mail.to] };
      const connection = connectionTo(server, timeouts);
      const stage = { handedOver: false, lost: false };
      const text = textOnDemand(bytes, async () => {
        stage.lost = !(await handOver());
        stage.handedOver = !stage.lost;
        return stage.handedOver;
      });
      try {
        await untilFailed(connection, signal, async () => {
          await logIn(connection, server.login, tokens);
          await step((done) => connection.send({ ...envelope, size: bytes.length }, text, done));
        });
        connection.quit();
      } catch (thrown) {
        connection.close();
        throw stage.lost
          ? new MailFailure('lost', 'Another sender has taken this mail.', 'Nothing to do.')
          : failureOf(thrown, stage.handedOver, server.login);
      }
    },
  };
}

/**
 * Connects and logs in, and sends nothing.
 * @throws MailFailure  with what the server said
 */
export async function verifySmtp({ server }: MailRoute, timeouts: SmtpTimeouts = DEFAULT_TIMEOUTS): Promise<void> {
  const connection = connectionTo(server, timeouts);
  try {
    await untilFailed(connection, new AbortController().signal, () =>
      logIn(connection, server.login, tokenSource(server.login, timeouts)),
    );
    connection.quit();
  } catch (thrown) {
    connection.close();
    throw failureOf(thrown, false, server.login);
  }
}

function connectionTo({ host, port, tls }: SmtpServer, timeouts: SmtpTimeouts): SmtpConnection {
  return new SmtpConnection({
    host,
    port,
    secure: tls === 'direct',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'none',
    connectionTimeout: timeouts.connect,
    dnsTimeout: timeouts.connect,
    greetingTimeout: timeouts.greet,
    socketTimeout: timeouts.silence,
  });
}

/** Connects and works; rejects as soon as the connection fails, however far the work is. */
function untilFailed(connection: SmtpConnection, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error('the server took too long'));
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    connection.on('error', reject);
    connection.once('end', () => reject(new Error('the server closed the connection')));
    connection.connect((failure) => {
      if (failure) reject(failure);
      else work().then(resolve, reject);
    });
  });
}

async function logIn(connection: SmtpConnection, login: SmtpLogin | null, tokens: XOAuth2 | null): Promise<void> {
  if (login?.kind === 'password') {
    await step((done) => connection.login({ credentials: { user: login.user, pass: login.password } }, done));
  }
  // A token that the server does not take is asked for anew once, in the same connection.
  if (login?.kind === 'oauth2' && tokens) {
    await step((done) =>
      connection.login({ type: 'oauth2', user: login.user, method: 'XOAUTH2', oauth2: tokens }, done),
    );
  }
}

/** Where access tokens come from; null where a password is used, or nothing. */
function tokenSource(login: SmtpLogin | null, { silence }: SmtpTimeouts): XOAuth2 | null {
  if (login?.kind !== 'oauth2') return null;
  const { user, clientId, clientSecret, refreshToken, tokenUrl } = login;
  return new XOAuth2({ user, clientId, clientSecret, refreshToken, accessUrl: tokenUrl, requestTimeout: silence });
}

/** The text as a stream that asks, at its first read, whether it may leave. */
function textOnDemand(bytes: Buffer, mayLeave: () => Promise<boolean>): Readable {
  let asked = false;
  return new Readable({
    read() {
      if (asked) return;
      asked = true;
      mayLeave().then(
        (may) => {
          if (!may) return this.destroy(new Error('the mail is another sender’s'));
          this.push(bytes);
          this.push(null);
        },
        (thrown: unknown) => this.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
    },
  });
}

function step(begin: (done: (failure?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((failure) => (failure ? reject(failure) : resolve())));
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
}

/** What a failure means for the mail. A wrong password or a refused sender is the setting's fault, never the mail's. */
function failureOf(thrown: unknown, handedOver: boolean, login: SmtpLogin | null): MailFailure {
  const { code = '', command = '', responseCode = 0 } = (thrown ?? {}) as SmtpError;
  const said = messageOf(thrown).replace(/\s+/gu, ' ').slice(0, 300);
  const options = { cause: thrown };
  if (responseCode >= 500 && /^(RCPT TO|DATA)/.test(command)) {
    return new MailFailure(
      'refused',
      `The mail server refused it: ${said}`,
      'Check the address of the recipient.',
      options,
    );
  }
  if (handedOver && responseCode === 0) {
    return new MailFailure(
      'cut',
      `The connection broke after the text had left: ${said}`,
      'It may have arrived; ask.',
      options,
    );
  }
  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'EOAUTH2') {
    return loginFailure(said, responseCode, login, options);
  }
  if (code === 'ETLS' || /certificate|TLS/iu.test(said)) {
    return new MailFailure(
      'later',
      `No encrypted connection: ${said}`,
      'Use a server with STARTTLS, smtps://, or trust its certificate (NODE_EXTRA_CA_CERTS).',
      options,
    );
  }
  return new MailFailure('later', `The mail server did not take it: ${said}`, 'It is tried again by itself.', options);
}

/** Who refused: the mail server answers with a number, the token address never gets as far. */
function loginFailure(said: string, responseCode: number, login: SmtpLogin | null, options: ErrorOptions): MailFailure {
  if (login?.kind !== 'oauth2') {
    const hint = 'Correct the user and password of SMTP_URL.';
    return new MailFailure('later', `The mail server refused the login: ${said}`, hint, options);
  }
  return responseCode === 0
    ? new MailFailure(
        'later',
        `No access token came from ${new URL(login.tokenUrl).host}: ${said}`,
        'Look at the OAuth2 fields of the SMTP credential: client id, client secret, refresh token, token address. A refresh token ends when it is withdrawn or long unused; make a new one then.',
        options,
      )
    : new MailFailure(
        'later',
        `The mail server refused the access token of ${login.user}: ${said}`,
        'Check that this account may send by SMTP, and that the refresh token was made for it, with the right to send mail.',
        options,
      );
}

function bareAddress(from: string): string {
  return (/<([^<>]+)>$/.exec(from)?.[1] ?? from).trim();
}
