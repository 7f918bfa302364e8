import { z } from 'zod';
import { wire } from '../define/wire';
import { id, instant } from '../event/formats';

/** What a kind of access event is called where people read it. */
export const KIND_WORDS = {
  signed_in: 'Signed in',
  sign_in_failed: 'Sign-in failed',
  sign_in_delayed: 'Sign-in made to wait',
  session_ended: 'Session ended',
  access_refused: 'Access refused',
  person_changed: 'Person changed',
  flows_deployed: 'Flows deployed',
  module_changed: 'Module changed',
  editor_changed: 'Editor changed',
  settings_changed: 'Settings changed',
  command_run: 'Command run',
  shared: 'Shared',
  share_removed: 'Share removed',
  published: 'Published',
  exported: 'Exported',
  deleted: 'Deleted',
  token_changed: 'Access token',
  account_changed: 'Account changed',
  origin_matched: 'Origin found',
  origin_withdrawn: 'Origin withdrawn',
  other: 'Other',
} as const;

export type AccessKind = keyof typeof KIND_WORDS;

/** The kinds by what somebody looks for. */
export const KINDS_OF = {
  sign_ins: ['signed_in'],
  failed: ['sign_in_failed', 'sign_in_delayed', 'access_refused'],
  sessions: ['session_ended'],
  people: ['person_changed', 'account_changed'],
  administration: ['flows_deployed', 'module_changed', 'editor_changed', 'settings_changed', 'command_run'],
  shares: ['shared', 'share_removed', 'published'],
  exports: ['exported'],
  deletions: ['deleted'],
  tokens: ['token_changed'],
  origins: ['origin_matched', 'origin_withdrawn'],
  other: ['other'],
} as const satisfies Readonly<Record<string, readonly AccessKind[]>>;

export type AccessGroup = keyof typeof KINDS_OF;

/**
 * The kinds of a group. Where each change came from is one entry a change, which would hide who signed in: it is shown when
 * it is asked for, and not among all.
 */
export function kindsShown(group: AccessGroup | 'all'): readonly AccessKind[] {
  if (group !== 'all') return KINDS_OF[group];
  return Object.entries(KINDS_OF).flatMap(([name, kinds]): readonly AccessKind[] => (name === 'origins' ? [] : kinds));
}

const kinds = Object.keys(KIND_WORDS) as [AccessKind, ...AccessKind[]];
const unknownOr = z.string().nullable();

/** Where the fact comes from: our own door, the flow editor, the command line, Smartsheet, or a program that told it. */
const source = z.enum(['server', 'editor', 'command_line', 'smartsheet', 'matching', 'flow']);

const told = {
  kind: z.enum(kinds),
  source,
  happened_at: instant,
  /** E-mail in Smartsheet, name of the account here; of a failed sign-in a mark where no account has the name. Null = nobody knows. */
  person: unknownOr,
  /** The fact in a sentence, for people. */
  happened: z.string().min(1),
  sheet_id: id.nullable(),
  sheet_name: unknownOr,
  ip_address: unknownOr,
  device_info: unknownOr,
  session_id: unknownOr,
  user_agent: unknownOr,
  /** What only this kind has: the diff of a deploy, who was shared with, a reason. */
  details: z.record(z.string(), z.unknown()),
} as const;

/** Who came, who could not, and who did what beside changing cells. Its place in the trail is `access` and `seq`. */
export const accessEventSchema = z.object({
  ...told,
  event_key: z.string().min(1),
  seq: z.number().int().positive(),
  /** When it was recorded. */
  timestamp: instant,
  // Erased with the person: what happened is then empty, and where it came from unknown.
  happened: unknownOr,
  source: source.nullable(),
});

/** Not recorded yet. `id` is unique among events of its kind: telling it twice records it once. */
export const newAccessEventSchema = z.object({ ...told, id: z.string().min(1).max(200) });

export type AccessEvent = z.infer<typeof accessEventSchema>;
export type NewAccessEvent = z.infer<typeof newAccessEventSchema>;

/** What the Access Log gives. */
export const signIn = wire('sign-in', accessEventSchema);

/**
 * Text that any store takes: strangers type names and send headers, and neither a NUL nor half a character is text to a
 * database. Cut at 2,000 characters.
 */
export function wellFormed(text: string): string {
  return text
    .slice(0, 2_000)
    .replace(/\p{Cs}/gu, '\ufffd')
    .replaceAll('\0', '\ufffd');
}

/** The same for all texts inside a value, at any depth. Beyond the tenth a value is its JSON. */
export function wellFormedValue(value: unknown, depth = 10): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return wellFormed(JSON.stringify(value));
  if (Array.isArray(value)) return value.map((each: unknown) => wellFormedValue(each, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [wellFormed(name), wellFormedValue(inner, depth - 1)]),
  );
}
