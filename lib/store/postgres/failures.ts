import { BillingAuditError, messageOf } from '../../errors';
import { codeOf } from '../error-code';
import { missingFunction, StoreMisconfigured, StoreRefused, StoreUnavailable } from '../store-errors';

/** How far a call had come. Until its commit was sent, a connection that is lost has undone it. */
export type Stage = 'connecting' | 'calling' | 'committing';

/** What became of one try of a call. */
export interface Failure {
  readonly error: BillingAuditError;
  /** Nothing of it was done, and the next try may go well. */
  readonly again: boolean;
  /** The connection is of no use any more. */
  readonly broken: boolean;
}

interface Said {
  /** The server ends the connection with it; what a function raises by that code does not. */
  readonly fatal: boolean;
  readonly code: string;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
}

/** What went wrong in the words of the product. */
export function failureOf(thrown: unknown, stage: Stage, place: string, name = ''): Failure {
  const said = saidByServer(thrown);
  if (said !== null) return fromServer(said, stage, place, name, thrown);
  return fromNetwork(thrown, stage, place);
}

/** Null when the error is not the database's own. */
function saidByServer(thrown: unknown): Said | null {
  const error = thrown as Partial<Record<'severity' | 'code' | 'message' | 'detail' | 'hint', unknown>>;
  if (typeof error?.severity !== 'string' || typeof error.code !== 'string') return null;
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  const fatal = /^(FATAL|PANIC)$/.test(error.severity);
  return { fatal, code: error.code, message: messageOf(thrown), detail: text(error.detail), hint: text(error.hint) };
}

function fromServer(said: Said, stage: Stage, place: string, name: string, cause: unknown): Failure {
  const { code, message, detail, hint } = said;
  const wrong = wrongSetUp(said, stage, place, cause);
  if (wrong !== null) return { error: wrong, again: false, broken: stage === 'connecting' };
  const unavailable = (why: string): BillingAuditError => new StoreUnavailable(`${place}: ${why}`, { cause });
  // It shuts down, starts up, or has no connection left; it says so before it commits anything.
  if (said.fatal || stage === 'connecting') {
    return { error: unavailable(message), again: stage !== 'committing', broken: true };
  }
  if (code === '57014' && /statement timeout/.test(message)) {
    return { error: unavailable('the call was stopped, since it took too long'), again: false, broken: false };
  }
  if (/^5[38]/.test(code)) return { error: unavailable(message), again: false, broken: false };
  if (code === '42883' && message.includes(`function public.${name}(`)) {
    return { error: missingFunction(name, place), again: false, broken: false };
  }
  const error = new StoreRefused(code, message, hint ?? 'Nothing was changed. Look at what the message names.', detail);
  // A database that only reads has been left behind by its successor: the next connection may lead there.
  return { error, again: code === '40001' || code === '40P01', broken: code === '25006' };
}

function wrongSetUp({ code, message }: Said, stage: Stage, place: string, cause: unknown): BillingAuditError | null {
  const wrong = (why: StoreMisconfigured['why'], text: string, hint: string): StoreMisconfigured =>
    new StoreMisconfigured(why, text, hint, { cause });
  if (/^28/.test(code) && stage === 'connecting') {
    const hint = 'Look at user and password in DATABASE_URL (letters such as @ / : are written as %40 %2F %3A).';
    return wrong('password', `${place} does not let us in: ${message}.`, hint);
  }
  if (code === '3D000' && stage === 'connecting') {
    const hint = `Make it (createdb), or look at the last part of DATABASE_URL; then run "billing-audit migrate".`;
    return wrong('database', `There is no such database: ${place} (${message}).`, hint);
  }
  if (code === '42501' && (stage === 'connecting' || message.includes('set role'))) {
    return wrong('rights', `${place} may not do what is needed: ${message}.`, RIGHTS_OF_ROLE);
  }
  if (code === '22023' && /role "\w+" does not exist/.test(message)) {
    return wrong('roles', `${place} is not prepared: ${message}.`, 'Run "billing-audit migrate" on it.');
  }
  return null;
}

const RIGHTS_OF_ROLE =
  'Run "billing-audit migrate" with this DATABASE_URL, or, as the owner: grant service_role, authenticated, anon to <that user>.';

const TLS = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function fromNetwork(thrown: unknown, stage: Stage, place: string): Failure {
  const text = textOf(thrown);
  if (/does not support SSL/.test(text)) {
    const hint =
      'Switch TLS on there. If the network between is your own, write ?sslmode=disable at the end of DATABASE_URL.';
    return misfit('tls', `${place} does not encrypt connections.`, hint, thrown);
  }
  if (TLS.test(codeOf(thrown) ?? '')) {
    const hint =
      'Name its authority (sslrootcert=/path/ca.pem), or sslmode=require, which encrypts and trusts any certificate.';
    return misfit('tls', `The certificate of ${place} was not accepted: ${text}.`, hint, thrown);
  }
  if (/password must be a string/.test(text)) {
    return misfit('password', `${place} asks for a password.`, 'Write user:password@ into DATABASE_URL.', thrown);
  }
  const late = /timeout/i.test(text) && stage !== 'connecting';
  return {
    error: new StoreUnavailable(`${place} ${late ? 'did not answer in time' : 'cannot be reached'} (${text})`, {
      cause: thrown,
    }),
    again: stage !== 'committing' && !late,
    broken: true,
  };
}

function misfit(why: StoreMisconfigured['why'], text: string, hint: string, cause: unknown): Failure {
  return { error: new StoreMisconfigured(why, text, hint, { cause }), again: false, broken: true };
}

/** A host with two addresses that both refuse gives an error without a message. */
function textOf(thrown: unknown): string {
  return messageOf(thrown) || (codeOf(thrown) ?? 'no reason was given');
}
