import { createHash, randomUUID } from 'node:crypto';
import { wellFormed, wellFormedValue, type AccessKind, type NewAccessEvent } from '../../lib/access';
import { diffFlows, withoutSecrets, type FlowDifference, type FlowNode } from '../../lib/flows-diff';
import type { Now } from '../../lib/ports';
import type { NodeRedRecord } from '../logs';
import { browserName, RefusalReports } from '../sign-in';

/** Flows that were saved, as Node-RED's storage sees it. */
export interface Deploy {
  readonly before: readonly FlowNode[];
  readonly after: readonly FlowNode[];
  readonly by: string | null;
  readonly credentialsChanged: boolean;
}

/** Who did it and from where, out of Node-RED's audit log. */
interface Doer {
  readonly person: string | null;
  readonly address: string | null;
  readonly sessionId: string | null;
  readonly userAgent: string | null;
}

interface Pending extends Doer {
  readonly type: string;
  readonly path: string | null;
}

const MOST_DIFFERENCES = 300;
const NOBODY: Doer = { person: null, address: null, sessionId: null, userAgent: null };
const SAVES = /^(flows\.set|flow\.(add|update|remove))$/;

/** What is worth an entry beside deploys; reads are not. */
const KINDS: readonly (readonly [RegExp, AccessKind])[] = [
  [/^nodes\.(install|remove|info\.set|module\.set)$/, 'module_changed'],
  [/^(library\.set|settings\.update|context\.delete)$/, 'editor_changed'],
  [
    /^projects\.(create|initialise|set|update|delete|branch\.(set|delete)|commit|merge|file|remote|pull|push)/,
    'editor_changed',
  ],
  [/^auth\.login\.fail/, 'sign_in_failed'],
  [/^auth\.login$/, 'signed_in'],
  [/^permission\.fail$/, 'access_refused'],
];
/** Each movement of a panel saves the settings of the editor, and a page asks again and again for what it may not have. */
const OFTEN = /^(settings\.update|permission\.fail)$/;

/**
 * What people do in the flow editor, as events of the access log. Node-RED's audit log tells who deployed, its storage what
 * was saved: the first comes right before the second, and both make one event with the diff.
 */
export class EditorWatch {
  private pending: Pending | null = null;
  private readonly often: RefusalReports;

  constructor(
    private readonly now: Now,
    private readonly record: (event: NewAccessEvent) => void,
  ) {
    this.often = new RefusalReports(now);
  }

  /** A record of Node-RED's audit log. */
  audited(record: NodeRedRecord): void {
    const { event, path } = record;
    if (event === undefined) return;
    const doer = doerOf(record);
    if (SAVES.test(event) && record.error === undefined) {
      const type = textIn(record.type) ?? event;
      if (type !== 'reload') this.pending = { ...doer, type, path: textIn(path) };
      else this.tell('editor_changed', `${nameOf(doer)} started the flows anew, as they were.`, doer, { event });
      return;
    }
    const kind = KINDS.find(([form]) => form.test(event))?.[1];
    if (kind === undefined || (event === 'permission.fail' && doer.person === null)) return;
    const more = OFTEN.test(event) ? this.often.due(doer.person ?? '', event) : 0;
    // Who failed to sign in may have typed anything, a password too.
    const told = kind === 'sign_in_failed' ? { ...doer, person: null } : doer;
    if (more !== null) this.tell(kind, sentence(record, told), told, detailsOf(record, more));
  }

  /** Flows were saved. */
  deployed({ before, after, by, credentialsChanged }: Deploy): void {
    const { pending } = this;
    const asked = pending && (pending.person === by || pending.person === null) ? pending : null;
    this.pending = null;
    const doer: Doer = { ...NOBODY, ...asked, person: by ?? asked?.person ?? null };
    const all = diffFlows(before, after);
    const counts = countsOf(all);
    const words = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
    if (credentialsChanged) words.push('credentials changed');
    const what = words.length === 0 ? 'no node differs' : words.join(', ');
    this.tell('flows_deployed', `${nameOf(doer)} deployed the flows: ${what}.`, doer, {
      type: asked?.type ?? null,
      path: asked?.path ?? null,
      counts,
      credentials_changed: credentialsChanged,
      changes: all.slice(0, MOST_DIFFERENCES),
      left_out: Math.max(0, all.length - MOST_DIFFERENCES),
      // Names the kept version that it was, and the one that it became (server/flow-versions).
      flows_before: fingerprint(before),
      flows_after: fingerprint(after),
    });
  }

  private tell(kind: AccessKind, happened: string, doer: Doer, details: Readonly<Record<string, unknown>>): void {
    const { person, address, sessionId, userAgent } = doer;
    this.record({
      id: randomUUID(),
      kind,
      source: 'editor',
      happened_at: new Date(this.now()).toISOString(),
      person,
      happened,
      sheet_id: null,
      sheet_name: null,
      ip_address: address,
      device_info: userAgent === null ? null : browserName(userAgent),
      session_id: sessionId,
      user_agent: userAgent,
      details: wellFormedValue(details) as Record<string, unknown>,
    });
  }
}

/** The session and the address are those of the door's pass; Node-RED's own `ip` is whatever a header says. */
function doerOf({ user, username }: NodeRedRecord): Doer {
  const known = (user ?? {}) as Readonly<Record<string, unknown>>;
  return {
    person: textIn(known['username']) ?? textIn(username),
    address: textIn(known['address']),
    sessionId: textIn(known['session']),
    userAgent: textIn(known['userAgent']),
  };
}

function sentence({ event = '', error, ...record }: NodeRedRecord, doer: Doer): string {
  const about = ['module', 'id', 'path', 'name', 'tarball'].map((field) => safeText(record[field])).find(Boolean);
  const failed = error === undefined ? '' : `, which failed: ${safeText(error) ?? 'nobody says why'}`;
  const off = record['enabled'] === undefined ? '' : record['enabled'] === true ? ' (switched on)' : ' (switched off)';
  return `${nameOf(doer)} in the editor: ${event}${about === undefined ? '' : ` ${about}`}${off}${failed}.`;
}

function detailsOf(record: NodeRedRecord, more: number): Readonly<Record<string, unknown>> {
  const told = [
    'event',
    'path',
    'module',
    'version',
    'url',
    'id',
    'type',
    'library',
    'enabled',
    'error',
    'permissions',
  ];
  const given = told.filter((name) => record[name] !== undefined).map((name) => [name, safe(name, record[name])]);
  return { ...Object.fromEntries(given), ...(more > 0 && { more }) };
}

/** Modules are installed from addresses with a password or a token in them, and failures name the address. */
function safe(name: string, value: unknown): unknown {
  return withoutSecrets(name, value);
}

function safeText(value: unknown): string | null {
  return textIn(safe('', value));
}

function countsOf(differences: readonly FlowDifference[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function fingerprint(flows: readonly FlowNode[]): string {
  return createHash('sha256').update(JSON.stringify(flows)).digest('hex');
}

function nameOf({ person }: Doer): string {
  return person ?? 'Somebody';
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? wellFormed(value) : null;
}
