/** Stands where a secret stood. That a secret differs is told, what it was is not. */
export const HIDDEN = '[secret]';

/** A field of such a name holds a secret, whatever node it is on. */
const SECRET_NAME = /passw(?:or)?d|passphrase|secret|token|authorization|cookie|api_?key|private_?key/i;
/** What an address holds before its host (a token may stand alone there), a key in its query, what a header shows. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+@/gi, `$1${HIDDEN}@`],
  [/(\bhttps?:\/\/)[^\s/:@"']+@/gi, `$1${HIDDEN}@`],
  [/([?&][^\s=&#"']*(?:token|secret|passw|key|sig)[^\s=&#"']*=)[^\s&#"']+/gi, `$1${HIDDEN}`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/g, `$1 ${HIDDEN}`],
];

/**
 * The value of a node's property as it may be told: credentials, and what looks like a secret, are replaced by `HIDDEN`.
 * Node-RED keeps credentials apart from the flows; this is for those that were typed where they do not belong.
 * @param name  of the property
 */
export function withoutSecrets(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (SECRET_NAME.test(name) && typeof value !== 'boolean' && value !== '') return HIDDEN;
  if (typeof value === 'string')
    return SECRET_TEXT.reduce((text, [form, instead]) => text.replace(form, instead), value);
  if (Array.isArray(value)) return value.map((each: unknown) => withoutSecrets('', each));
  if (typeof value !== 'object') return value;
  const fields = Object.entries(value);
  // An environment variable of a flow: {name, type, value}.
  const isSecret = fields.some(
    ([field, content]) =>
      (field === 'type' && content === 'cred') || (field === 'name' && SECRET_NAME.test(String(content))),
  );
  return Object.fromEntries(
    fields
      .filter(([field]) => field !== 'credentials')
      .map(([field, content]) => [
        field,
        isSecret && field === 'value' && content ? HIDDEN : withoutSecrets(field, content),
      ]),
  );
}
