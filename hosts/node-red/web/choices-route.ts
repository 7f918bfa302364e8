import type { Request, Response } from 'express';
import { BadSetting, BillingAuditError } from '../../../lib/errors';
import {
  apiBase,
  listColumns,
  listSheets,
  oneTry,
  SmartsheetUnavailable,
  type Exchange,
} from '../../../lib/smartsheet';
import { credentialType } from '../names';
import { credentialFields, type CredentialNode } from '../runtime/credentials';
import { describeError } from '../runtime/errors';
import type { House } from '../runtime/house';
import { askerOf, maySeeByToken } from './who-asks';

/** One thing that a picker offers. `value` is what the field holds for it. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  /** What tells it from others of the same name. */
  readonly detail: string;
}

/** More are not sent at once; the search narrows them down. */
const MOST_CHOICES = 500;
/** The columns of so many sheets are read for one picker. */
const MOST_SHEETS = 5;
const SHEET_ID = /^\d{1,20}$/;

/** Names would leave this Node-RED without anybody having said who they are. */
class SignInNeeded extends BillingAuditError {
  readonly code = 'sign_in_needed';
  readonly hint =
    'Set adminAuth in Node-RED, or open the editor on the machine itself, not through a proxy. Until then type the ids.';

  constructor() {
    super('Sheet names are shown only where people sign in, or on this machine itself.');
  }
}

/**
 * `GET billing-audit/choices?kind=sheets&search=` and `?kind=columns&sheets=id,id`: names for the dialogs' pickers, read
 * with a deployed credential. The token stays here. `credential` is the id that the dialog has chosen; empty: the
 * environment's token; absent (the node has no credential of its own): any that is deployed, else the environment's.
 */
export function openChoicesRoute(house: House): void {
  const { RED } = house;
  RED.httpAdmin.get(
    '/billing-audit/choices',
    // Who may not change a flow has nothing to choose.
    RED.auth.needsPermission('billing-audit.write'),
    (request, response) => void answer(house, request, response),
  );
}

async function answer(house: House, request: Request, response: Response): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  try {
    const { adminAuth } = house.RED.settings as { readonly adminAuth?: unknown };
    if (!maySeeByToken(askerOf(request, Boolean(adminAuth)))) throw new SignInNeeded();
    const choices = await choicesFor(house, request.query);
    response.json({ choices: choices.slice(0, MOST_CHOICES), total: choices.length });
  } catch (thrown) {
    response.status(statusFor(thrown)).json({ error: { ...describeError(thrown), ...hintFor(thrown) } });
  }
}

function statusFor(thrown: unknown): number {
  if (thrown instanceof SignInNeeded) return 403;
  return thrown instanceof BadSetting ? 409 : 502;
}

/** A flow tries again by itself; a dialog does not. */
function hintFor(thrown: unknown): { readonly hint?: string } {
  if (!(thrown instanceof SmartsheetUnavailable)) return {};
  return { hint: 'Close the list and open it again in a while; until then the value can be typed.' };
}

async function choicesFor(house: House, query: Request['query']): Promise<readonly Choice[]> {
  const exchange = exchangeFor(house, textOf(query['credential']));
  if (query['kind'] !== 'columns') {
    const sheets = await listSheets(exchange, { name: textOf(query['search']) ?? '' });
    return sheets.map(({ id, name, workspace }) => ({
      value: id,
      label: name,
      detail: workspace === null ? id : `${id}, ${workspace}`,
    }));
  }
  const ids = (textOf(query['sheets']) ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => SHEET_ID.test(id));
  if (ids.length === 0) throw new BadSetting('Sheets', 'names no sheet', 'Choose a sheet first.');
  const titles = new Map<string, Choice>();
  for (const id of ids.slice(0, MOST_SHEETS)) {
    for (const { title, type, isSystem } of await listColumns(exchange, id)) {
      const detail = `${type.toLowerCase().replaceAll('_', ' ')}${isSystem ? ', filled by Smartsheet' : ''}`;
      if (!titles.has(title)) titles.set(title, { value: title, label: title, detail });
    }
  }
  return [...titles.values()];
}

function exchangeFor(house: House, credentialId: string | undefined): Exchange {
  const { choices, environment } = house.parts;
  if (choices === undefined) throw new BadSetting('Choose', 'has nothing to choose from here', 'Type the value.');
  const { credential, http } = choices;
  const type = credentialType(credential);
  const id = credentialId ?? anyDeployed(house, type);
  const node = id === '' ? null : (house.RED.nodes.getNode(id) as CredentialNode | null);
  if (id !== '' && node?.type !== type) {
    throw new BadSetting(
      credential.title,
      'is not deployed yet, so its token is not known here',
      'Deploy, then choose. Until then type the ids.',
    );
  }
  const { token = '', base = '' } = credentialFields(credential, { ...node?.saved, ...node?.credentials }, environment);
  if (token.trim() === '') {
    throw new BadSetting(
      credential.title,
      'has no access token',
      'Choose a credential with a token and deploy, or set SMARTSHEET_ACCESS_TOKEN.',
    );
  }
  return oneTry({ http, token: token.trim(), base: apiBase(base) });
}

/** The first deployed credential of a type; empty when there is none. */
function anyDeployed({ RED }: House, type: string): string {
  let found = '';
  RED.nodes.eachNode((node) => {
    if (found === '' && node.type === type && RED.nodes.getNode(node.id)) found = node.id;
  });
  return found;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
