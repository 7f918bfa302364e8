import { randomUUID } from 'node:crypto';
import { wellFormed, type NewAccessEvent } from '../../lib/access';
import { browserName, type AccessEvent } from '../sign-in';

const ENDS: Readonly<Record<string, string>> = {
  signed_out: 'signed out',
  ended_by_person: 'ended it from another one',
  signed_in_again: 'signed in anew in the same browser',
  too_long: 'it had lasted as long as a session may',
  idle: 'it was not used any more',
  clock_went_back: 'the clock of the server was put back',
  account_disabled: 'the account was disabled',
  role_changed: 'the role was changed',
  password_changed: 'the password was changed',
  second_factor_changed: 'the second factor was changed',
};

const FACTORS = {
  none: '',
  code: ', with a code of their app',
  recovery_code: ', with a recovery code',
} as const;

const CHANGES: Readonly<Record<string, string>> = {
  added: 'was added',
  password_reset: 'was given a new password',
  password_changed: 'changed the password',
  disabled: 'may not sign in any more',
  enabled: 'may sign in again',
  second_factor_set_up: 'set up a second factor',
  second_factor_removed: 'removed the second factor',
  second_factor_reset: 'lost the second factor, and signs in without one',
  recovery_codes_renewed: 'made new recovery codes',
};

/** What our own door reports, as an event of the access log. */
export function accessOfDoor(event: AccessEvent): NewAccessEvent {
  const { at, kind, name, address, userAgent, sessionId } = event;
  const person = textOf(name);
  return {
    id: randomUUID(),
    kind,
    source: 'server',
    happened_at: new Date(at).toISOString(),
    person,
    happened: sentence(event, person ?? 'Somebody'),
    sheet_id: null,
    sheet_name: null,
    ip_address: textOf(address),
    device_info: userAgent ? browserName(userAgent) : null,
    session_id: sessionId,
    user_agent: textOf(userAgent),
    details: detailsOf(event),
  };
}

/** Settings of the server, written on its own pages; `changed` are names, never values. */
export function settingsWritten(by: string, changed: readonly string[], now: number): NewAccessEvent {
  const person = wellFormed(by);
  return {
    id: randomUUID(),
    kind: 'settings_changed',
    source: 'server',
    happened_at: new Date(now).toISOString(),
    person,
    happened: `${person} wrote the settings of the server: ${changed.join(', ') || 'nothing differs'}.`,
    sheet_id: null,
    sheet_name: null,
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    details: { changed },
  };
}

function sentence(event: AccessEvent, who: string): string {
  const from = event.address ? ` from ${wellFormed(event.address)}` : '';
  switch (event.kind) {
    case 'signed_in':
      return `${who} signed in as ${event.role}${from}${FACTORS[event.factor ?? 'none']}.`;
    case 'sign_in_failed':
      if (event.sessionId !== null) {
        const wrong = event.step === 'second_factor' ? 'code' : 'password';
        return `Somebody signed in as "${who}" gave a wrong ${wrong} on the page of the account${from}.`;
      }
      return `Somebody failed to sign in as "${who}"${from}${event.step === 'second_factor' ? ': the password was right, the code was not' : ''}.`;
    case 'sign_in_delayed':
      if (event.sessionId !== null)
        return `Somebody signed in as "${who}" was made to wait on the page of the account${from}: too many failures.`;
      return `Somebody was made to wait before trying to sign in as "${who}" again${from}: too many failures.`;
    case 'session_ended':
      return `The session of ${who} ended: ${ENDS[event.reason] ?? event.reason}.`;
    case 'access_refused':
      return `${who} was refused ${event.method} ${wellFormed(event.path)}${from}: ${event.reason}.`;
    case 'person_changed': {
      const what = CHANGES[event.change] ?? `is ${event.change.replace(/^role_/, '')} now`;
      return event.by === event.name ? `${who} ${what}.` : `${who} ${what}, by ${wellFormed(event.by)}.`;
    }
  }
}

function detailsOf(event: AccessEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'signed_in':
      return { role: event.role, factor: event.factor };
    case 'sign_in_failed':
      return { step: event.step };
    case 'sign_in_delayed':
      return { step: event.step, wait_milliseconds: event.waitMilliseconds };
    case 'session_ended':
      return { reason: event.reason };
    case 'access_refused':
      return { method: event.method, path: wellFormed(event.path), reason: event.reason, more: event.more };
    case 'person_changed':
      return { by: wellFormed(event.by), change: event.change, ...(event.rights && { rights: event.rights }) };
  }
}

function textOf(text: string | null): string | null {
  return text === null || text === '' ? null : wellFormed(text);
}
