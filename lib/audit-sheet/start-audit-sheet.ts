import { randomUUID } from 'node:crypto';
import { BillingAuditError, messageOf } from '../errors';
import type { Log, Now, Sleep } from '../ports';
import { Bell } from '../runtime/bell';
import { SmartsheetUnavailable, type SmartsheetClient } from '../smartsheet';
import type { StoreDriver } from '../store/store';
import { OUR_OWN_SHEET } from '../weakening';
import { AuditSheetBook } from './book';
import type { AuditSheetDesk, AuditSheetRequest } from './desk';
import { SecondAuditSheet, UnreadableEvents, WritingTaken } from './errors';
import { MOST_ROWS_PER_WRITE, writeBatch } from './write-batch';

export interface AuditSheetParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly log: Log;
  /** True when no other process can have this store open: the lease of one that is gone ends at once. */
  readonly soleOwner: boolean;
  /** A client that shares the token's budget and the order of its writes. */
  readonly connect: (account: AuditSheetRequest['smartsheet'], signal: AbortSignal) => SmartsheetClient;
  readonly isWatched: (sheetId: string) => boolean;
  /** These sheets are ours: whoever watches a workspace passes them over. */
  readonly leaveOut: (sheetIds: readonly string[]) => void;
  /** A mail was put into the outbox, or events into the trail. */
  readonly onRecorded: () => void;
  /** Nodes come and go while a flow is deployed: only after this is it certain that none writes any more. */
  readonly settleSeconds: number;
}

export interface AuditSheetWriter {
  readonly desk: AuditSheetDesk;
  /** Says that events were recorded. */
  wake(): void;
  /** What is under way is given up; whoever starts next looks for it in the sheet. */
  stop(): Promise<void>;
}

/** Longer than a request takes with all its tries. */
const LEASE_SECONDS = 900;
const LOOK_MILLISECONDS = 15_000;
const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 300_000;

/** Writes recorded events to a sheet of Smartsheet's while a node asks for it. It holds nothing else up. */
export function startAuditSheet(parts: AuditSheetParts): AuditSheetWriter {
  const { sleep } = parts;
  const book = new AuditSheetBook(parts.driver, randomUUID(), () => new Date(parts.now()).toISOString());
  const bell = new Bell(sleep);
  let running: { readonly request: AuditSheetRequest; end(): Promise<void> } | null = null;
  const idle = new Idle(parts, () => new Troubles(parts, book).unwritten());
  // What was told before a restart nobody ends who does not write. Another process with the store open may well write.
  if (parts.soleOwner) idle.begin();
  const begin = (request: AuditSheetRequest): NonNullable<typeof running> => {
    const ending = new AbortController();
    const loop = writeUntilEnded(parts, { book, bell, request, signal: ending.signal });
    return {
      request,
      end: async () => {
        ending.abort();
        await loop;
      },
    };
  };
  return {
    desk: {
      enlist: async (request) => {
        if (running && running.request.asker !== request.asker) throw new SecondAuditSheet();
        await running?.end();
        idle.end();
        await book.switch(true);
        const own = (running = begin(request));
        return async (end) => {
          const isLast = running === own;
          if (isLast) running = null;
          await own.end();
          if (end?.removed) await book.switch(false);
          if (isLast && running === null) idle.begin();
        };
      },
    },
    wake: () => bell.ring(),
    stop: async () => {
      await idle.stop();
      await running?.end();
    },
  };
}

/** Does something once nobody has written for a while; a stop of the process is no end of the writing. */
class Idle {
  private isStopped = false;
  private current = new AbortController();
  private waiting: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: Pick<AuditSheetParts, 'sleep' | 'log' | 'settleSeconds'>,
    private readonly settled: () => Promise<void>,
  ) {}

  begin(): void {
    this.end();
    if (this.isStopped) return;
    this.current = new AbortController();
    this.waiting = this.wait(this.waiting, this.current.signal);
  }

  end(): void {
    this.current.abort();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.end();
    await this.waiting;
  }

  private async wait(before: Promise<void>, signal: AbortSignal): Promise<void> {
    await before;
    await this.parts.sleep(this.parts.settleSeconds * 1000, signal).catch(() => undefined);
    if (signal.aborted) return;
    await this.settled().catch((thrown: unknown) =>
      this.parts.log.warn(`The trouble of the audit sheet could not be closed: ${messageOf(thrown)}`),
    );
  }
}

interface Writing {
  readonly book: AuditSheetBook;
  readonly bell: Bell;
  readonly request: AuditSheetRequest;
  readonly signal: AbortSignal;
}

async function writeUntilEnded(parts: AuditSheetParts, writing: Writing): Promise<void> {
  const { book, bell, signal } = writing;
  const troubles = new Troubles(parts, book);
  let failures = 0;
  // Somebody has just deployed the node: until it worked once, a sheet that is gone is replaced.
  let mayReplace = true;
  while (!signal.aborted) {
    let pause = LOOK_MILLISECONDS;
    try {
      const { sheetId, more, unreadable } = await writeOnce(parts, writing, mayReplace);
      if (sheetId !== null) {
        mayReplace = false;
        if (unreadable.length > 0) throw new UnreadableEvents(unreadable);
        await troubles.over();
      }
      failures = 0;
      if (more) pause = 0;
    } catch (failure) {
      if (signal.aborted) break;
      failures += 1;
      pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** failures, LONGEST_PAUSE_MILLISECONDS);
      await troubles.begin(failure, failures);
    }
    await bell.wait(pause, signal);
  }
  await book.release().catch(() => undefined);
}

async function writeOnce(
  parts: AuditSheetParts,
  { book, request, signal }: Writing,
  mayReplace: boolean,
): Promise<{ readonly sheetId: string | null; readonly more: boolean; readonly unreadable: readonly string[] }> {
  const lease = { seconds: LEASE_SECONDS, sole: parts.soleOwner };
  const leased = await book.lease(MOST_ROWS_PER_WRITE, lease);
  // The first look is made though nothing waits: who has deployed the node sees at once whether it works.
  if (!leased.held || (leased.rows.length === 0 && !mayReplace)) return { sheetId: null, more: false, unreadable: [] };
  const { sheetId } = await writeBatch(
    {
      client: parts.connect(request.smartsheet, signal),
      book,
      request,
      now: parts.now,
      isWatched: parts.isWatched,
      stillMine: async () => {
        if (!(await book.lease(1, lease)).held) throw new WritingTaken();
      },
    },
    leased,
    mayReplace,
  );
  parts.leaveOut(await book.sheetIds());
  parts.onRecorded();
  const unreadable = leased.rows.filter(({ event }) => event === null).map(({ event_key }) => event_key);
  return { sheetId, more: leased.rows.length > 0, unreadable };
}

/** What keeps events from being written is told once to those who get alerts, and once more when it is over. */
class Troubles {
  constructor(
    private readonly parts: AuditSheetParts,
    private readonly book: AuditSheetBook,
  ) {}

  async begin(failure: unknown, failures: number): Promise<void> {
    const { log, onRecorded } = this.parts;
    if (failure instanceof WritingTaken) return;
    log.warn(`The audit sheet could not be written: ${messageOf(failure)}`);
    // An outage passes by itself most times; what Smartsheet refuses does not.
    if (failure instanceof SmartsheetUnavailable && failures < 5) return;
    const hint = failure instanceof BillingAuditError ? ` ${failure.hint}` : '';
    const text = `${messageOf(failure)}${hint} The trail itself is complete; events wait for the sheet and are written later.`;
    try {
      await this.book.troubleBegins({ sheetId: OUR_OWN_SHEET, title: 'The audit sheet cannot be written', text });
      onRecorded();
    } catch (thrown) {
      log.warn(`Nobody could be told of it: ${messageOf(thrown)}`);
    }
  }

  /** No node writes any more, so it can never be over. That the sheet is well is not said. */
  async unwritten(): Promise<void> {
    const title = 'The audit sheet is no longer written';
    const text =
      'It could not be written, and no Audit Trail node asks for it any more, so this is not looked after any longer. The trail itself is complete.';
    await this.book.troubleEnds(OUR_OWN_SHEET, title, text);
    this.parts.onRecorded();
  }

  /** Also one that was told before a restart. */
  async over(): Promise<void> {
    const [title, text] = ['The audit sheet is written again', 'The events that waited are in it.'];
    await this.book.troubleEnds(OUR_OWN_SHEET, title, text);
    this.parts.onRecorded();
  }
}
