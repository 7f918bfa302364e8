import { resolve } from 'node:path';
import { BadSetting } from '../lib/errors';

/** What `billing-audit start` runs with: flags over environment over defaults, checked. See DESIGN §6. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly home: string;
  readonly publicUrl: string | null;
  readonly smartsheetToken: string | null;
  readonly sandboxPort: number;
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
  return {
    host: flags.host ?? given(environment['HOST']) ?? '127.0.0.1',
    port: portNumber('PORT', flags.port ?? environment['PORT'], 1880),
    home: resolve(flags.home ?? given(environment['BILLING_AUDIT_HOME']) ?? '.billing-audit'),
    publicUrl: given(environment['PUBLIC_URL']) ?? null,
    smartsheetToken: given(environment['SMARTSHEET_ACCESS_TOKEN']) ?? null,
    sandboxPort: portNumber('SANDBOX_PORT', environment['SANDBOX_PORT'], 1881),
  };
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

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
