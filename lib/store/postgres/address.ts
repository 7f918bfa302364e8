import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { BadSetting, messageOf } from '../../errors';

/** A `DATABASE_URL`, read. */
export interface PostgresAddress {
  /** For `pg`. */
  readonly config: ClientConfig;
  /** `user@host:port/database`: for messages, without the password. */
  readonly place: string;
}

const FORM = 'Write it like postgresql://user:password@db.example.com:5432/audit?sslmode=verify-full.';
const CONNECT_SECONDS = 10;
/** Read here, since `pg` reads them otherwise than psql does. */
const OURS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'connect_timeout'] as const;
const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/**
 * Options of the address mean what they mean to psql, but for one: without `sslmode` a connection to another machine is
 * encrypted or not made at all. `require` does not look at the certificate, `verify-full` at all of it.
 * @throws BadSetting
 */
export function readPostgresAddress(text: string): PostgresAddress {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new BadSetting('DATABASE_URL', 'is no address of a PostgreSQL database', FORM);
  }
  const option = (name: string): string => url.searchParams.get(name) ?? '';
  const host = url.hostname !== '' ? url.hostname : option('host');
  const ssl = sslOf(option, isHere(host));
  const seconds = secondsOf(option('connect_timeout'));
  const user = decodeURIComponent(url.username) || option('user') || 'the default user';
  const place = `${user}@${host || 'localhost'}:${url.port || option('port') || '5432'}${url.pathname}`;
  for (const name of OURS) url.searchParams.delete(name);
  return {
    place,
    config: {
      connectionString: url.href,
      ssl,
      connectionTimeoutMillis: seconds * 1000,
      keepAlive: true,
      application_name: option('application_name') || 'billing-audit',
    },
  };
}

function isHere(host: string): boolean {
  return host === '' || host.startsWith('/') || host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

function sslOf(option: (name: string) => string, here: boolean): ClientConfig['ssl'] {
  const mode = option('sslmode') || (here ? 'disable' : option('sslrootcert') ? 'verify-full' : 'require');
  if (!(MODES as readonly string[]).includes(mode)) {
    throw new BadSetting('DATABASE_URL', `has sslmode=${mode}`, `Write one of ${MODES.join(', ')}.`);
  }
  if (mode === 'disable') return false;
  const files = { ca: option('sslrootcert'), cert: option('sslcert'), key: option('sslkey') };
  return {
    ...Object.fromEntries(
      Object.entries(files)
        .filter(([, path]) => path !== '' && path !== 'system')
        .map(([name, path]) => [name, contentOf(path)]),
    ),
    rejectUnauthorized: mode !== 'require',
    // The chain counts, whatever name the server goes by.
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new BadSetting('DATABASE_URL', `names the file ${path}, which cannot be read`, messageOf(thrown));
  }
}

function secondsOf(text: string): number {
  if (text === '') return CONNECT_SECONDS;
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new BadSetting('DATABASE_URL', `has connect_timeout=${text}`, 'Write whole seconds, such as 10.');
}
