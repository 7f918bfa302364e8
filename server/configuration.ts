import { resolve } from 'node:path';
import { BadSetting } from '../lib/errors';

/** `deciders`: managers and admins, who may approve. */
export const SECOND_FACTOR_RULES = ['optional', 'deciders', 'all'] as const;
export type SecondFactorRule = (typeof SECOND_FACTOR_RULES)[number];

/** What `billing-audit start` runs with: flags over environment over defaults, checked. See DESIGN §6. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly home: string;
  /** A port that serves only the webhook and /health: the one to publish. */
  readonly webhookPort: number | null;
  /** A port that serves only the dashboard and the sign-in. */
  readonly dashboardPort: number | null;
  readonly publicUrl: string | null;
  /** Where links in mails lead, if it is not this server's own address: behind a proxy only its owner knows. */
  readonly dashboardUrl: string | null;
  readonly smartsheetToken: string | null;
  readonly sandboxPort: number;
  /** Who has to sign in with a second factor. */
  readonly secondFactor: SecondFactorRule;
  /** An outside watch that hears from us every minute. */
  readonly heartbeatUrl: string | null;
}

export interface StartFlags {
  readonly host?: string;
  readonly port?: string;
  readonly home?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @throws BadSetting  naming the flag or variable, what is wrong with it and what to write instead
 */
export function readConfiguration(flags: StartFlags, environment: Environment): Configuration {
  const port = portNumber('PORT', flags.port ?? environment['PORT'], 1880);
  const webhookPort = extraPort('WEBHOOK_PORT', environment['WEBHOOK_PORT'], 1882, [port]);
  return {
    host: flags.host ?? given(environment['HOST']) ?? '127.0.0.1',
    port,
    webhookPort,
    dashboardPort: extraPort('DASHBOARD_PORT', environment['DASHBOARD_PORT'], 1883, [port, webhookPort]),
    home: resolve(flags.home ?? given(environment['BILLING_AUDIT_HOME']) ?? '.billing-audit'),
    publicUrl: webAddress('PUBLIC_URL', given(environment['PUBLIC_URL']), 'https://audit.example.com'),
    dashboardUrl: webAddress(
      'BILLING_AUDIT_DASHBOARD_URL',
      given(environment['BILLING_AUDIT_DASHBOARD_URL']),
      'https://inside.example.com/dashboard/changes',
    ),
    smartsheetToken: given(environment['SMARTSHEET_ACCESS_TOKEN']) ?? null,
    sandboxPort: portNumber('SANDBOX_PORT', environment['SANDBOX_PORT'], 1881),
    secondFactor: secondFactorRule(given(environment['SECOND_FACTOR'])),
    heartbeatUrl: webAddress('HEARTBEAT_URL', given(environment['HEARTBEAT_URL']), 'https://hc-ping.com/your-check'),
  };
}

function secondFactorRule(text: string | undefined): SecondFactorRule {
  const rule = SECOND_FACTOR_RULES.find((each) => each === (text ?? 'optional').toLowerCase());
  if (rule) return rule;
  const hint = 'Write optional, deciders (managers and admins) or all.';
  throw new BadSetting('SECOND_FACTOR', `is "${text}", which is none of its values`, hint);
}

/** Addresses that only programs on this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function portNumber(name: string, text: string | undefined, byDefault: number): number {
  if (given(text) === undefined) return byDefault;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new BadSetting(
    name,
    `is "${text}", which is no port`,
    `Write a whole number from 1 to 65535, for example ${byDefault}.`,
  );
}

/** A port beside the main one; it must be another, since two of ours cannot listen at the same. */
function extraPort(
  name: string,
  text: string | undefined,
  example: number,
  taken: readonly (number | null)[],
): number | null {
  if (given(text) === undefined) return null;
  const port = portNumber(name, text, example);
  if (port === 0 || !taken.includes(port)) return port;
  throw new BadSetting(name, `is ${port}, which is another port of this server already`, `Choose one like ${example}.`);
}

function webAddress(name: string, text: string | undefined, example: string): string | null {
  if (text === undefined) return null;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new BadSetting(name, `is "${text}", which is no web address`, `Write it like ${example}.`);
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
