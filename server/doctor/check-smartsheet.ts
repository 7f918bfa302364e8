import { BillingAuditError, messageOf } from '../../lib/errors';
import {
  apiBase,
  callbackUrl,
  createClient,
  NO_LIMITER,
  type SmartsheetClient,
  type SmartsheetWebhook,
} from '../../lib/smartsheet';
import { off, ok, wrong, type Line } from './line';
import { settingOf, type Patient } from './patient';

const LONGEST_MILLISECONDS = 20_000;
const PAGE_SIZE = 100;

/** Token, sheets and webhooks as Smartsheet sees them now. */
export async function checkSmartsheet(patient: Patient): Promise<readonly Line[]> {
  const token = patient.configuration.smartsheetToken;
  if (token === null) return withoutToken(patient);
  try {
    const base = apiBase(settingOf(patient, 'SMARTSHEET_API_BASE'));
    const client = clientOf(patient, token, base);
    const owner = await client.me();
    return [
      ok('smartsheet', `The token belongs to ${owner.email}.`),
      await checkSheets(patient, client),
      await checkWebhooks(patient, client, base),
    ];
  } catch (thrown) {
    return [
      wrong('smartsheet', messageOf(thrown), hintOf(thrown)),
      off('webhook', 'Not looked at, without Smartsheet.'),
    ];
  }
}

function withoutToken({ hadToken, practice }: Patient): readonly Line[] {
  if (hadToken) {
    return [
      wrong(
        'smartsheet',
        'This home has watched real sheets, and SMARTSHEET_ACCESS_TOKEN is not set now.',
        'Set it again: billing-audit setup',
      ),
    ];
  }
  const text = practice ? 'No token: practice mode, with sheets that are made up.' : 'No token.';
  return [
    off('smartsheet', text, 'To watch real sheets: billing-audit setup'),
    off('webhook', 'Practice calls itself; nothing is published.'),
  ];
}

function clientOf({ http, now, sleep, random }: Patient, token: string, base: string): SmartsheetClient {
  return createClient({
    http: (request) =>
      http({ ...request, timeoutMilliseconds: Math.min(request.timeoutMilliseconds, LONGEST_MILLISECONDS) }),
    token,
    base,
    limiter: NO_LIMITER,
    now,
    sleep,
    random,
    mostTries: 2,
  });
}

function watchedSheets(patient: Patient): readonly string[] {
  return [...new Set(settingOf(patient, 'SMARTSHEET_SHEETS').split(/[\s,]+/u))].filter((id) => id !== '');
}

async function checkSheets(patient: Patient, client: SmartsheetClient): Promise<Line> {
  const ids = watchedSheets(patient);
  if (ids.length === 0) return off('sheets', 'SMARTSHEET_SHEETS names none.', 'Choose some: billing-audit setup');
  for (const id of ids) {
    try {
      await client.sheetVersion(id);
    } catch (thrown) {
      return wrong('sheets', messageOf(thrown), hintOf(thrown));
    }
  }
  return ok('sheets', `${ids.length} can be read.`);
}

async function checkWebhooks(patient: Patient, client: SmartsheetClient, base: string): Promise<Line> {
  const name = 'webhook';
  try {
    const url = callbackUrl(settingOf(patient, 'PUBLIC_URL') || null, base);
    if (url === null) return off(name, 'No PUBLIC_URL: the sheets are watched by polling.');
    const ours = (await allWebhooks(client)).filter((webhook) => webhook.callbackUrl === url);
    const without = watchedSheets(patient).filter(
      (id) => !ours.some(({ scopeObjectId, status }) => scopeObjectId === id && status === 'ENABLED'),
    );
    if (without.length === 0) return ok(name, `Enabled for every watched sheet, at ${url}.`);
    const [first = ''] = without;
    const status = ours.find(({ scopeObjectId }) => scopeObjectId === first);
    const how = status === undefined ? 'has none' : `is ${status.status} ${status.disabledDetails ?? ''}`.trim();
    const text = `${without.length} of the watched sheets have no enabled webhook (sheet ${first} ${how}).`;
    if (patient.running === null) return off(name, text, 'The server makes them when it starts: billing-audit start');
    return wrong(name, text, 'PUBLIC_URL/health must answer from outside over HTTPS; meanwhile the sheets are polled.');
  } catch (thrown) {
    return wrong(name, messageOf(thrown), hintOf(thrown));
  }
}

async function allWebhooks(client: SmartsheetClient): Promise<readonly SmartsheetWebhook[]> {
  const all: SmartsheetWebhook[] = [];
  for (let page = 1; ; page += 1) {
    const listed = await client.webhooks(page, PAGE_SIZE);
    all.push(...listed);
    if (listed.length < PAGE_SIZE) return all;
  }
}

function hintOf(thrown: unknown): string {
  return thrown instanceof BillingAuditError ? thrown.hint : 'Look at the network of this machine.';
}
