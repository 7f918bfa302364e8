import type { Status, Stop } from '../../define/node';
import { sha256Hex } from '../../hash';
import type { Log } from '../../ports';
import { apiBase, type SmartsheetClient } from '../../smartsheet';
import type { AccessStore } from '../../store/access';
import type { Machine } from '../machine';
import type { AccessDesk, ReportRequest } from './access-desk';
import { ReportReader } from './report-reader';

export interface ReportDeskParts {
  readonly machine: Machine;
  readonly log: Log;
  readonly store: AccessStore;
  /** Within the budget of the token. */
  readonly connect: (
    account: ReportRequest['smartsheet'],
    signal: AbortSignal,
  ) => { readonly client: Pick<SmartsheetClient, 'events'> };
}

interface Reading {
  readonly reader: ReportReader;
  readonly ending: AbortController;
  readonly shows: Set<(status: Status) => void>;
  last: Status | null;
}

/** One reader of Event Reporting for each account that nodes name. */
export class ReportDesk implements AccessDesk {
  private readonly readings = new Map<string, Reading>();

  constructor(private readonly parts: ReportDeskParts) {}

  follow(request: ReportRequest, show: (status: Status) => void): Promise<Stop> {
    const account = { token: request.smartsheet.token, base: apiBase(request.smartsheet.base) };
    const key = `${account.base} ${account.token}`;
    const reading = this.readings.get(key) ?? this.begin(key, { ...request, smartsheet: account });
    reading.shows.add(show);
    if (reading.last) show(reading.last);
    return Promise.resolve(async () => {
      reading.shows.delete(show);
      if (reading.shows.size > 0 || this.readings.get(key) !== reading) return;
      this.readings.delete(key);
      await end(reading);
    });
  }

  async stop(): Promise<void> {
    const readings = [...this.readings.values()];
    this.readings.clear();
    await Promise.all(readings.map(end));
  }

  private begin(key: string, { smartsheet, pollSeconds }: ReportRequest): Reading {
    const { machine, log, store, connect } = this.parts;
    const ending = new AbortController();
    const shows = new Set<(status: Status) => void>();
    const reader = new ReportReader({
      reader: `smartsheet:${sha256Hex(key).slice(0, 12)}`,
      client: connect(smartsheet, ending.signal).client,
      store,
      now: machine.now,
      sleep: machine.sleep,
      log,
      pollSeconds,
      show: (status) => {
        reading.last = status;
        for (const each of shows) each(status);
      },
    });
    const reading: Reading = { reader, ending, shows, last: null };
    this.readings.set(key, reading);
    reader.start();
    return reading;
  }
}

async function end({ reader, ending }: Reading): Promise<void> {
  ending.abort();
  await reader.stop();
}
