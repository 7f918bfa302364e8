/** Takes secrets out of a line of the log. */
export type Redact = (text: string) => string;

/** Variables whose value is a secret as a whole. */
const SECRET_VARIABLES = ['SMARTSHEET_ACCESS_TOKEN', 'SUPABASE_SECRET_KEY', 'SMTP_OAUTH_REFRESH_TOKEN'];
/** Variables with an address that may carry a password. */
const ADDRESS_VARIABLES = ['SMTP_URL', 'DATABASE_URL', 'HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];
const SHORTEST = 6;
const HIDDEN = '[secret]';

/** What gives a secret away wherever it stands: in an address, a header, or a field with such a name. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+@/gi, `$1${HIDDEN}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  [
    /("[^"]*(?:password|passwd|secret|token|authorization|cookie|api_?key)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    `$1"${HIDDEN}"`,
  ],
];

/**
 * Knows the secrets of this installation by their value, and others by their form.
 * @param environment  read when called, so that what a `.env` has set is known
 * @param more         further secrets, such as the service key
 */
export function redactor(
  environment: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Redact {
  const values = [
    ...SECRET_VARIABLES.map((name) => environment[name] ?? ''),
    ...ADDRESS_VARIABLES.flatMap((name) => passwordsIn(environment[name] ?? '')),
    ...more,
  ].flatMap((value) => [value.trim(), jsonText(value.trim())]);
  const known = [...new Set(values)]
    .filter((value) => value.length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
  return (text) => {
    const without = known.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
    return PATTERNS.reduce((left, [pattern, instead]) => left.replace(pattern, instead), without);
  };
}

/** As it is written in the address, and as it is meant. A lone % means itself: it must not end the start. */
function passwordsIn(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const { password } = new URL(address);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** As it stands inside a JSON line. */
function jsonText(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
