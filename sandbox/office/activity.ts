import { randomUUID } from 'node:crypto';
import { addressOfPerson } from './addresses';
import { isSystemActor } from './actors';
import { reportsOfAccess, reportsOfSave, type Report } from './reports';
import type { Office } from './office';
import type { SaveBy, Source } from './types';

/** One entry of event reporting (reference §6). */
export interface ReportedEvent {
  readonly eventId: string;
  /** Rises by one for each; what a stream position stands for. */
  readonly number: number;
  readonly objectType: string;
  readonly action: string;
  /** A number, or a text where the object has no number. */
  readonly objectId: number | string;
  readonly at: number;
  readonly userId: number;
  readonly source: Source;
  readonly details: Readonly<Record<string, unknown>>;
  /** The workspace and the sheet it is about, for filtered reports. */
  readonly sheetId?: number;
}

/** What an activity log needs to be told beside the office. */
export interface ActivitySettings {
  readonly isOn: () => boolean;
}

const MOST_EVENTS = 50_000;
const SESSION = 30 * 60 * 1_000;

/** Notes what people do, as event reporting tells it: saves, shares, groups, sign-ins, and what is noted by hand. */
export class Activity {
  private noted: ReportedEvent[] = [];
  private last = 0;
  /** When and from where each person was seen last; a person who was away signs in first. */
  private readonly seen = new Map<number, { readonly at: number; readonly ipAddress: string }>();

  constructor(
    private readonly office: Office,
    private readonly settings: ActivitySettings,
  ) {
    office.onSave((save) => this.noteAll(reportsOfSave(office, save), save));
    office.access.onChange((deed, by) => by !== null && this.noteAll(reportsOfAccess(deed, office.people), by));
  }

  /** The oldest first. The earliest of very many are forgotten. */
  get events(): readonly ReportedEvent[] {
    return this.noted;
  }

  /** The number of the latest event; 0 before the first. */
  get latest(): number {
    return this.last;
  }

  restore(events: readonly ReportedEvent[], latest: number): void {
    this.noted = [...events];
    this.last = latest;
  }

  /** Notes one thing that somebody did. @returns undefined when the plan has no event reporting */
  note(report: Report, by: SaveBy): ReportedEvent | undefined {
    if (!this.settings.isOn()) return undefined;
    const isSignIn = report.objectType === 'USER' && (report.action === 'LOGIN' || report.action === 'LOGOUT');
    if (!isSignIn) this.signIn(by);
    return this.append(report, by);
  }

  private noteAll(reports: readonly Report[], by: SaveBy): void {
    for (const report of reports) this.note(report, by);
  }

  /** Who was not seen for half an hour, or works from elsewhere, signs in before what is done. Programs and actors do not. */
  private signIn(by: SaveBy): void {
    if ((by.source ?? 'WEB_APP') !== 'WEB_APP' || isSystemActor(by.userId)) return;
    const ipAddress = by.ipAddress ?? addressOfPerson(by.userId);
    const before = this.seen.get(by.userId);
    this.seen.set(by.userId, { at: by.at, ipAddress });
    const isHere = before !== undefined && before.ipAddress === ipAddress && Math.abs(by.at - before.at) < SESSION;
    if (!isHere) this.append({ objectType: 'USER', action: 'LOGIN', objectId: by.userId, details: {} }, by);
  }

  private append({ objectType, action, objectId, details, sheetId }: Report, by: SaveBy): ReportedEvent {
    this.last += 1;
    const source = by.source ?? 'WEB_APP';
    const isPersonInBrowser = source === 'WEB_APP' && !isSystemActor(by.userId);
    const event: ReportedEvent = {
      eventId: randomUUID(),
      number: this.last,
      objectType,
      action,
      objectId,
      at: by.at,
      userId: by.userId,
      source,
      details: {
        emailAddress: this.office.people.writer(by.userId).email,
        ...details,
        ...(isPersonInBrowser ? { sourceIpAddress: by.ipAddress ?? addressOfPerson(by.userId) } : {}),
      },
      ...(sheetId === undefined ? {} : { sheetId }),
    };
    this.noted.push(event);
    if (this.noted.length > MOST_EVENTS * 1.2) this.noted = this.noted.slice(-MOST_EVENTS);
    return event;
  }
}
