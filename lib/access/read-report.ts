import type { ReportedEvent } from '../smartsheet/events';
import { systemActor } from '../smartsheet/actors';
import { wellFormed, type AccessKind, type NewAccessEvent } from './access-event';

/** A save of a sheet, by which the origin of a change is found. */
export interface Activity {
  readonly event_id: string;
  readonly sheet_id: string;
  readonly person: string;
  readonly happened_at: string;
  readonly source: string;
  readonly ip_address: string | null;
}

/** What an event of Event Reporting is to us; most (views, comments, renamings) are nothing. */
export interface Read {
  readonly event: NewAccessEvent | null;
  readonly activity: Activity | null;
}

const OUR_CONTAINERS: readonly string[] = ['SHEET', 'WORKSPACE', 'FOLDER', 'REPORT', 'DASHBOARD'];

/** An event of Smartsheet's as an access event, as the save of a sheet, or as neither. */
export function readReport(event: ReportedEvent): Read {
  return { event: accessEvent(event), activity: activityOf(event) };
}

function activityOf({ objectType, action, objectId, eventId, at, ...who }: ReportedEvent): Activity | null {
  const { emailAddress, userId, source, sourceIpAddress } = who;
  if (objectType !== 'SHEET' || action !== 'UPDATE' || !/^\d{1,20}$/.test(objectId)) return null;
  // What a rule or a form did came from no place of a person's.
  if (emailAddress === null || source === null || (userId !== null && systemActor(userId))) return null;
  const person = wellFormed(emailAddress).toLowerCase();
  return { event_id: eventId, sheet_id: objectId, person, happened_at: at, source, ip_address: sourceIpAddress };
}

/** The kinds are few and the words of Smartsheet many; those of sign-ins it has not published (reference §6). */
function kindOf({ objectType, action }: ReportedEvent): AccessKind | null {
  if (/^(USER|ACCOUNT|AUTHENTICATION)$/.test(objectType) && /LOG_?(IN|ON)|SIGN_?IN/.test(action)) {
    if (/HISTORY|DOWNLOAD/.test(action)) return 'exported';
    return /FAIL|DENIED|REJECT|INVALID/.test(action) ? 'sign_in_failed' : 'signed_in';
  }
  if (/^(USER|AUTHENTICATION)$/.test(objectType) && /LOG_?(OUT|OFF)|SIGN_?OUT/.test(action)) return 'session_ended';
  if (/^ADD_(WORKSPACE_)?SHARE(_MEMBER)?$/.test(action)) return 'shared';
  if (/^REMOVE_(WORKSPACE_)?SHARE(_MEMBER)?$/.test(action)) return 'share_removed';
  if (/^(ADD|REMOVE)_PUBLISH$/.test(action)) return 'published';
  if (/^(EXPORT|REQUEST_BACKUP|SEND_AS_ATTACHMENT|DOWNLOAD_.*)$/.test(action)) return 'exported';
  if (objectType === 'ACCESS_TOKEN') return 'token_changed';
  if (OUR_CONTAINERS.includes(objectType) && /^(DELETE|PURGE)$/.test(action)) return 'deleted';
  if (OUR_CONTAINERS.includes(objectType) && action === 'TRANSFER_OWNERSHIP') return 'shared';
  return /^(USER|GROUP|ACCOUNT)$/.test(objectType) ? 'account_changed' : null;
}

function accessEvent(event: ReportedEvent): NewAccessEvent | null {
  const kind = kindOf(event);
  if (kind === null) return null;
  const { eventId, objectType, action, objectId, at, userId, requestUserId, accessTokenName, source } = event;
  const { emailAddress, sourceIpAddress } = event;
  const isSheet = objectType === 'SHEET' && /^\d{1,20}$/.test(objectId);
  const person = emailAddress === null ? null : wellFormed(emailAddress);
  return {
    id: wellFormed(eventId).slice(0, 200),
    kind,
    source: 'smartsheet',
    happened_at: at,
    person,
    happened: sentence(event, kind, person),
    sheet_id: isSheet ? objectId : null,
    sheet_name: isSheet ? nameIn(event) : null,
    ip_address: sourceIpAddress === null ? null : wellFormed(sourceIpAddress),
    device_info: null,
    session_id: null,
    // Smartsheet never gives it.
    user_agent: null,
    details: {
      object_type: objectType,
      action,
      object_id: objectId,
      user_id: userId,
      // Somebody who acts in another's name is told apart from them.
      request_user_id: requestUserId,
      access_token_name: accessTokenName,
      client: source,
      additional: cleaned(event.details),
    },
  };
}

const DEEDS: Readonly<Partial<Record<AccessKind, string>>> = {
  signed_in: 'signed in to Smartsheet',
  sign_in_failed: 'failed to sign in to Smartsheet',
  session_ended: 'signed out of Smartsheet',
};

function sentence(event: ReportedEvent, kind: AccessKind, person: string | null): string {
  const who = person ?? 'Somebody';
  const place = event.sourceIpAddress === null ? '' : ` from ${wellFormed(event.sourceIpAddress)}`;
  const deed = DEEDS[kind];
  if (deed !== undefined) return `${who} ${deed}${place}.`;
  const name = nameIn(event);
  const what = `${event.objectType.toLowerCase().replaceAll('_', ' ')} ${name === null ? event.objectId : `"${name}"`}`;
  const done = event.action.toLowerCase().replaceAll('_', ' ');
  return `${who}: ${done} (${what.trim()})${place}.`;
}

function nameIn({ details, objectType }: ReportedEvent): string | null {
  const names = [`${objectType.toLowerCase()}Name`, 'sheetName', 'workspaceName', 'name', 'tokenName'];
  const found = names.map((name) => details[name]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? wellFormed(found).slice(0, 200) : null;
}

/** What goes into the trail must be text that it takes, and little enough to be kept for ever. */
function cleaned(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(details).slice(0, 40);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      wellFormed(name).slice(0, 100),
      typeof value === 'number' || typeof value === 'boolean' || value === null
        ? value
        : wellFormed(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 500),
    ]),
  );
}
