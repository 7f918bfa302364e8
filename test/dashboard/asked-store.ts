import type { AuditEvent } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { defaultSettings } from '../../lib/settings';
import type {
  AlertReader,
  Judgement,
  LastingTrouble,
  Mark,
  NewJudgement,
  NewMark,
  Overview,
  OverviewQuery,
  OverviewSheet,
  RaisedAlert,
  Store,
  TrailQuery,
} from '../../lib/store';
import { emptyOverview, NO_EVIDENCE, type EvidenceState } from '../../lib/store/overview';
import { NO_PATTERNS, type Patterns, type PatternsQuery } from '../../lib/store/patterns';
import type { CountedPromise } from '../../lib/store/promise';

export const NOW = Date.parse('2026-02-03T18:00:00.000Z');
const whole = (over: Partial<Overview> = {}): Overview => {
  const empty = emptyOverview({ now: new Date(NOW).toISOString(), days: 7 });
  if (empty.unchanged) throw new Error('There is no empty overview.');
  return { ...empty, ...over };
};

const DEAD = { sheet_id: '22', name: '', since: '2026-02-03T15:00:00.000Z', why: '' };

/** A store that answers what it is given, and remembers what it was asked. */
export class AskedStore {
  version = 'one';
  failing = false;
  milliseconds = 0;
  now = NOW;
  readonly asked: OverviewQuery[] = [];
  readonly searched: TrailQuery[] = [];
  readonly said: NewMark[] = [];
  events: AuditEvent[] = [];
  marked: Mark[] = [];
  judgedBefore: Judgement[] = [];
  readonly judged: NewJudgement[] = [];
  raised: RaisedAlert[] = [];
  counted: CountedPromise = { normal: [], problems: [], rules: [] };
  found: Patterns = NO_PATTERNS;
  readonly askedPatterns: PatternsQuery[] = [];
  readonly readers: AlertReader[] = [];
  troubles: LastingTrouble[] = [];
  sealed: EvidenceState = NO_EVIDENCE;
  watched: OverviewSheet[] = [];
  /** Callbacks that were given up. */
  dead = 0;
  readonly tried: { readonly by: string; readonly role: string }[] = [];

  ports(nodeId?: string): Ports {
    const store = this as unknown as Store;
    const ports = {
      store,
      settings: defaultSettings,
      now: () => this.now,
      ...(nodeId === undefined ? {} : { nodeId }),
    };
    return ports as unknown as Ports;
  }
  async overview(query: OverviewQuery) {
    this.asked.push(query);
    this.now += this.milliseconds;
    if (this.failing) throw new Error('The store is not available.');
    if (query.known === this.version) return { version: this.version, unchanged: true } as const;
    return whole({ version: this.version, sheets: this.watched });
  }
  async needsLook() {
    return { events: this.events.map((each) => ({ ...each, mark: null })), next: null };
  }
  async search(query: TrailQuery) {
    this.searched.push(query);
    return { events: this.events, next: 'the next' };
  }
  async event(key: string) {
    const found = this.events.find(({ event_key }) => event_key === key);
    return found ? { ...found, mark: null } : null;
  }
  async alerts({ limit }: { limit: number }) {
    return { total: this.raised.length, unread: 1, alerts: this.raised.slice(0, limit) };
  }
  async seenAlerts(reader: AlertReader) {
    this.readers.push(reader);
    return { by: reader.by, seen: reader.seen ?? 0, total: 9 };
  }
  async promise(): Promise<CountedPromise> {
    return this.counted;
  }
  async patterns(query: PatternsQuery): Promise<Patterns> {
    this.askedPatterns.push(query);
    return this.found;
  }
  async watchTroubles() {
    return this.troubles;
  }
  async evidence() {
    return this.sealed;
  }
  async deadBySheet() {
    return { total: this.dead, sheets: this.dead === 0 ? [] : [{ ...DEAD, callbacks: this.dead }] };
  }
  async tryDeadAgain(who: { by: string; role: string }) {
    this.tried.push(who);
    const replayed = this.dead;
    this.dead = 0;
    return { replayed, by: who.by };
  }
  async judge(judgement: NewJudgement): Promise<Judgement> {
    this.judged.push(judgement);
    const { event_key, verdict, by, note = '', incident = null, category = null } = judgement;
    return { event_key, verdict, by, note, incident, category, marked_at: new Date(NOW).toISOString() };
  }
  async judgements() {
    return this.judgedBefore;
  }
  async marks() {
    return this.marked;
  }
  async mark(mark: NewMark): Promise<Mark> {
    this.said.push(mark);
    const { event_key, reason, by } = mark;
    return { event_key, mark: mark.mark, reason, by, marked_at: new Date(NOW).toISOString() };
  }
}
