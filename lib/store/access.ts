import type {
  AccessEvent,
  AccessKind,
  Activity,
  MatchableChange,
  NewAccessEvent,
  NewOrigin,
  Save,
  SessionAt,
} from '../access';

/** How far somebody has read access events, and how that goes. */
export interface AccessReader {
  readonly reader: string;
  /** Smartsheet's stream position, or the number of an entry; null = nothing read yet. */
  readonly position: string | null;
  readonly state: 'ok' | 'waiting' | 'error' | 'off';
  /** In a sentence, where it does not read. */
  readonly why: string;
  readonly read_at: string;
}

/** What a reader says of itself; without a position it keeps the one it has. */
export type ReaderNews = Pick<AccessReader, 'reader'> & Partial<Omit<AccessReader, 'reader' | 'read_at'>>;

export interface AccessNews {
  readonly events: readonly NewAccessEvent[];
  readonly activity?: readonly Activity[];
  readonly reader?: ReaderNews;
}

/** Only what is given is asked for. */
export interface AccessQuery {
  readonly kinds?: readonly AccessKind[];
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
  readonly person?: string;
  readonly sheet_id?: string;
  readonly text?: string;
  /** Those after this number of the chain, in its order; without it the newest come first. */
  readonly after_seq?: number;
  /** 1..1000, default 100. */
  readonly limit?: number;
  /** From the page before. */
  readonly after?: string;
}

export interface AccessPage {
  readonly events: readonly AccessEvent[];
  readonly next: string | null;
  /** The number of the last entry there is. */
  readonly last_seq: number;
}

export interface AccessOverview {
  readonly counts: Readonly<Partial<Record<AccessKind, number>>>;
  readonly people: readonly {
    readonly person: string;
    readonly sign_ins: number;
    readonly failed: number;
    readonly last_at: string | null;
    readonly last_ip: string | null;
    readonly addresses: number;
  }[];
  /** Of Smartsheet's Event Reporting. */
  readonly readers: readonly Omit<AccessReader, 'position'>[];
}

export interface OriginCandidates {
  readonly changes: readonly (MatchableChange & {
    /** What is recorded so far; null = nothing. */
    readonly origin: Readonly<Record<string, unknown>> | null;
    readonly saves: readonly Save[];
  })[];
  readonly sessions: readonly SessionAt[];
  readonly next: string | null;
}

/** The access log: entries of the trail of their own, apart from the changes. */
export interface AccessStore {
  /** Records events, saves, and how far they were read: all or nothing. An event that is there already is not repeated. */
  recordAccess(
    news: AccessNews,
  ): Promise<readonly { readonly event_key: string; readonly seq: number; readonly is_new: boolean }[]>;
  accessReader(reader: string): Promise<AccessReader | null>;
  accessEvents(query: AccessQuery): Promise<AccessPage>;
  accessOverview(period: { readonly from: string; readonly to: string }): Promise<AccessOverview>;
  /** Changes of which it is not known where they came from, with what could tell. */
  originCandidates(request: {
    readonly from: string;
    readonly to: string;
    readonly windowSeconds: number;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<OriginCandidates>;
  /** @returns how many said something new */
  recordOrigins(origins: readonly NewOrigin[]): Promise<number>;
}
