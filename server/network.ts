import { readFileSync } from 'node:fs';
import { setGlobalProxyFromEnv } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { BadSetting, messageOf } from '../lib/errors';

type Environment = Readonly<Record<string, string | undefined>>;

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;
/** A proxy does not lead back to us: the practice Smartsheet and our own pages are reached directly. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1'] as const;

/**
 * Makes this process go through the proxy that the environment names, and trust the certificate authority that it names.
 * Node.js reads both by itself, but only at its own start: what a `.env` says would come too late.
 * @throws BadSetting  an address that is none, a file that is no certificate, or a Node.js that can do neither
 */
export function useNetworkSettings(environment: Environment): void {
  useOwnAuthority(environment['NODE_EXTRA_CA_CERTS']?.trim() ?? '');
  useProxy(environment);
}

function useOwnAuthority(file: string): void {
  if (file === '') return;
  try {
    const own = readFileSync(file, 'utf8');
    if (!own.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it holds no certificate in PEM form');
    // Absent before Node.js 22.19 and 24.5.
    if (typeof setDefaultCACertificates !== 'function') return;
    setDefaultCACertificates([...getCACertificates('default'), own]);
  } catch (thrown) {
    throw new BadSetting(
      'NODE_EXTRA_CA_CERTS',
      `names ${file}, which cannot be used: ${messageOf(thrown)}`,
      'Give the path of a PEM file with the certificate of your authority.',
    );
  }
}

function useProxy(environment: Environment): void {
  const named = PROXY_VARIABLES.filter((name) => (environment[name]?.trim() ?? '') !== '');
  for (const name of named) {
    const address = environment[name]?.trim() ?? '';
    // An address may carry a password: it is not repeated.
    if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) continue;
    throw new BadSetting(name, 'is no address of a proxy', 'Write it like http://proxy.example.com:3128.');
  }
  if (named.length === 0) return;
  if (typeof setGlobalProxyFromEnv === 'function') {
    const given = Object.entries(environment).filter(([, value]) => value !== undefined);
    const aside = [environment['no_proxy'] || environment['NO_PROXY'], ...THIS_MACHINE].filter(Boolean).join(',');
    setGlobalProxyFromEnv({ ...Object.fromEntries(given), NO_PROXY: aside, no_proxy: aside });
    return;
  }
  // Older ones can only be told at their start.
  if (environment['NODE_USE_ENV_PROXY'] === '1') return;
  throw new BadSetting(
    named[0] ?? 'HTTPS_PROXY',
    `is set, but Node.js ${process.version} does not take a proxy from a file`,
    'Set NODE_USE_ENV_PROXY=1 and the proxy in the environment of the service, or use Node.js 24.',
  );
}
