import { BadSetting } from '../errors';
import { isAddress } from './addresses';

/** Where mails are handed over, and in whose name. */
export interface MailRoute {
  readonly server: SmtpServer;
  /** A bare address or `Name <address>`. */
  readonly from: string;
}

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `direct`: TLS from the first byte; `required`: STARTTLS or nothing; `none`: plain text, for this machine only. */
  readonly tls: 'direct' | 'required' | 'none';
  readonly login: SmtpLogin | null;
}

export type SmtpLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'oauth2';
      readonly user: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
      /** Where a refresh token is turned into an access token. */
      readonly tokenUrl: string;
    };

/** The texts of the SMTP credential, or of the environment. Empty = not given. */
export interface SmtpTexts {
  readonly url: string;
  readonly from: string;
  readonly oauthUser?: string;
  readonly oauthClientId?: string;
  readonly oauthClientSecret?: string;
  readonly oauthRefreshToken?: string;
  readonly oauthTokenUrl?: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const HOW = 'Write it like smtp://user:password@smtp.example.com:587, or smtps://... for port 465.';

/**
 * Reads where mails go. Never puts a password into an error.
 * @returns null when no server is given: mails wait in the outbox
 * @throws BadSetting  naming the field and what to write
 */
export function readRoute(texts: SmtpTexts): MailRoute | null {
  if (texts.url.trim() === '') return null;
  const server = readServer(texts);
  return { server, from: readFrom(texts.from.trim(), server) };
}

function readServer(texts: SmtpTexts): SmtpServer {
  const address = texts.url.trim();
  if (!/^smtps?:\/\//i.test(address) || !URL.canParse(address))
    throw new BadSetting('SMTP_URL', 'is no mail server address', HOW);
  const url = new URL(address);
  if (url.hostname === '') throw new BadSetting('SMTP_URL', 'names no server', HOW);
  const direct = url.protocol.toLowerCase() === 'smtps:';
  const tls = direct
    ? 'direct'
    : LOOPBACK.test(url.hostname) || url.searchParams.get('tls') === 'none'
      ? 'none'
      : 'required';
  const login = readLogin(texts, url);
  if (login && tls === 'none' && !LOOPBACK.test(url.hostname)) {
    throw new BadSetting(
      'SMTP_URL',
      'would send a password unencrypted',
      'Take tls=none away, or the user and password.',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (direct ? 465 : tls === 'none' ? 25 : 587), tls, login };
}

function readLogin(texts: SmtpTexts, url: URL): SmtpLogin | null {
  const {
    oauthClientId: clientId = '',
    oauthClientSecret: clientSecret = '',
    oauthRefreshToken: refreshToken = '',
  } = texts;
  const user = texts.oauthUser || decoded(url.username);
  if (clientId || clientSecret || refreshToken) {
    const missing = Object.entries({ user, clientId, refreshToken }).find(([, value]) => value === '');
    if (missing)
      throw new BadSetting(missing[0], 'is empty, and OAuth2 needs it', 'Fill in all OAuth2 fields, or none.');
    const tokenUrl = texts.oauthTokenUrl || 'https://oauth2.googleapis.com/token';
    if (!/^https:\/\//.test(tokenUrl) && !/^http:\/\/(localhost|127\.)/.test(tokenUrl)) {
      throw new BadSetting('Token address', 'is not https', 'Write the address that your provider names.');
    }
    return { kind: 'oauth2', user, clientId, clientSecret, refreshToken, tokenUrl };
  }
  return url.username ? { kind: 'password', user, password: decoded(url.password) } : null;
}

function readFrom(from: string, { login }: SmtpServer): string {
  const text = from || (login && isAddress(login.user) ? login.user : '');
  const bare = /<([^<>]+)>$/.exec(text)?.[1] ?? text;
  if (isAddress(bare.trim()) && !/\p{Cc}/u.test(text)) return text;
  throw new BadSetting(
    'ALERT_FROM',
    text === '' ? 'is empty' : `is "${text.slice(0, 80)}", which is no address`,
    'Write the address that mails come from, for example Billing Audit <audit@example.com>.',
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
