import { once } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { BillingAuditError } from '../../lib/errors';
import type { Now } from '../../lib/ports';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { arrivalOf, type Visitor } from '../sign-in';
import { pageHeaders } from '../sign-in/pages';
import type { ExportOrder } from './about';
import { exportPage, type KnownSheet } from './export-page';
import { FILTERS, readOrder, type Format } from './order';
import { workbookTables, zippedCsvTables } from './table-set';
import { writeExport } from './write-export';

export interface ExportRouteOptions {
  /** The home whose trail is exported. */
  readonly home: string;
  readonly practice: boolean;
  /** IANA name: where a day of the query begins. */
  readonly timeZone: string;
  readonly now: Now;
  readonly formToken: (visitor: Visitor) => string;
  readonly onFailure: (failure: unknown) => void;
}

const TYPES: Readonly<Record<Format, { readonly type: string; readonly extension: string }>> = {
  csv: { type: 'application/zip', extension: 'csv.zip' },
  xlsx: { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', extension: 'xlsx' },
};

/**
 * `GET /export` in a browser: a page to choose with; with `choose` in its query, filled in already. `GET /export?from=2026-01-01&to=2026-01-31&format=xlsx&sheet=...&sample=25&seed=...`: a workbook, or CSV files in a ZIP.
 * The door has asked who comes; auditors, managers and admins may.
 */
export function exportRoute(options: ExportRouteOptions): RequestHandler {
  return (request, response) => {
    void answer(options, request, response).catch((failure: unknown) => {
      // Bytes have gone out with 200: only breaking the connection says that this is not the whole.
      if (response.headersSent) response.destroy();
      if (failure instanceof ReaderLeft) return;
      options.onFailure(failure);
      if (response.headersSent) return;
      void refuse(options, request, response, 503, described(failure)).catch(() => response.destroy());
    });
  };
}

const LONG_AGO = '2000-01-01';
const MOST_SHEETS = 500;
const knownAnswer = z.object({ sheets: z.array(z.object({ sheet_id: z.string(), name: z.string() })) });

/** Nobody reads the answer any more. */
class ReaderLeft extends Error {}

async function answer(options: ExportRouteOptions, request: Request, response: Response): Promise<void> {
  const { practice, timeZone, now } = options;
  const choosing = Object.keys(request.query).length === 0 || request.query['choose'] !== undefined;
  if (choosing && isForPeople(request)) {
    response.set(pageHeaders).send(await pageFor(options, request, null));
    return;
  }
  const inside = openHomeAt(options.home)?.inside;
  if (!inside) {
    response.set('Retry-After', '10');
    await refuse(options, request, response, 503, {
      error: 'store_unavailable',
      message: 'The trail is not open.',
      hint: 'Wait until /health says ok. A flow with a node of Billing Audit must be deployed.',
    });
    return;
  }
  const by = arrivalOf(request)?.visitor?.name ?? 'unknown';
  const read = tried(() => readOrder(askedBy(request), { by, practice, timeZone }));
  if (read instanceof BillingAuditError) {
    await refuse(options, request, response, 400, described(read));
    return;
  }
  const { order, format } = read;
  const { type, extension } = TYPES[format];
  response.set({
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${fileName(order)}.${extension}"`,
    'Cache-Control': 'no-store',
  });
  const sink = async (bytes: Uint8Array): Promise<void> => {
    if (response.destroyed) throw new ReaderLeft();
    if (response.write(bytes)) return;
    await Promise.race([once(response, 'drain'), once(response, 'close')]);
  };
  const tables = format === 'xlsx' ? workbookTables(sink, now()) : zippedCsvTables(sink, now(), true);
  await writeExport(order, { store: inside.store, now, tables });
  response.end();
}

interface Refused {
  readonly error: string;
  readonly message: string;
  readonly hint: string;
}

/** On the page for people, who keep what they typed; as JSON for programs. */
async function refuse(
  options: ExportRouteOptions,
  request: Request,
  response: Response,
  status: number,
  refused: Refused,
): Promise<void> {
  response.status(status).removeHeader('Content-Disposition');
  if (isForPeople(request))
    response
      .set(pageHeaders)
      .type('html')
      .send(await pageFor(options, request, refused));
  // Named anew: the answer may have been announced as a workbook already.
  else response.type('json').json(refused);
}

function isForPeople(request: Request): boolean {
  const arrival = arrivalOf(request);
  return arrival !== null && arrival.facts.wantsPage && arrival.visitor !== null;
}

async function pageFor(options: ExportRouteOptions, request: Request, refused: Refused | null): Promise<string> {
  const { timeZone, now, formToken } = options;
  const { visitor, scope } = arrivalOf(request) ?? {};
  if (!visitor || !scope) throw new Error('This page was reached by nobody.');
  const today = DateTime.fromMillis(now(), { zone: timeZone });
  const month = today.startOf('month').toISODate() ?? '';
  // Who comes from a page that shows all days wants all days.
  const start = request.query['choose'] === undefined ? month : LONG_AGO;
  const { from = start, to = today.toISODate() ?? '', format = 'xlsx', sheets, filters } = askedBy(request);
  const message = refused && ({ tone: 'bad', text: refused.message, hint: refused.hint } as const);
  const known = await knownSheets(options);
  const typed = { from, to, format, sheets, filters: filters ?? {} };
  return exportPage({ visitor, formToken: formToken(visitor), scope, message, typed, known, timeZone });
}

/** The sheets that were ever watched, by name. None while the store is closed: the page takes ids as well. */
async function knownSheets({ home, onFailure }: ExportRouteOptions): Promise<readonly KnownSheet[]> {
  const driver = openHomeAt(home)?.inside?.driver;
  if (!driver) return [];
  try {
    return knownAnswer.parse(await driver.rpc('billing_audit_known_sheets', { limit: MOST_SHEETS })).sheets;
  } catch (failure) {
    onFailure(failure);
    return [];
  }
}

function askedBy({ query }: Request): Parameters<typeof readOrder>[0] {
  const one = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const sheets = [query['sheet']].flat().filter((sheet) => typeof sheet === 'string');
  return {
    from: one('from'),
    to: one('to'),
    format: one('format'),
    sample: one('sample'),
    seed: one('seed'),
    filters: Object.fromEntries(FILTERS.map((name) => [name, one(name)?.trim()])),
    sheets: sheets
      .flatMap((sheet) => sheet.split(','))
      .map((sheet) => sheet.trim())
      .filter((sheet) => sheet !== ''),
  };
}

function tried<Value>(read: () => Value): Value | BillingAuditError {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof BillingAuditError) return thrown;
    throw thrown;
  }
}

function fileName({ asked, practice }: ExportOrder): string {
  return `${practice ? 'practice-' : ''}changes-${asked.from.slice(0, 10)}-to-${asked.to.slice(0, 10)}`;
}

function described(failure: unknown): Refused {
  if (failure instanceof BillingAuditError) {
    return { error: failure.code, message: failure.message, hint: failure.hint };
  }
  return { error: 'internal', message: 'The export could not be made.', hint: 'The log of this server says why.' };
}
