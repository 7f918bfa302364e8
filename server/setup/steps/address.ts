import { BlockList, isIP } from 'node:net';
import { BadSetting, messageOf } from '../../../lib/errors';
import { apiBase, callbackUrl, isLoopback, SmartsheetRefused } from '../../../lib/smartsheet';
import { chosenSheets, hasToken, smartsheetOf } from '../smartsheet';
import { answered, good, note, valueOf, withValues, type Draft, type Finding, type Step, type Tools } from '../step';

const PUBLIC_URL = 'PUBLIC_URL';
const PROBE_MILLISECONDS = 10_000;
const HOW =
  'Use an address like https://audit.example.com, on port 443, 8000, 8008, 8080 or 8443, or leave it empty to watch by polling.';
/** Smartsheet's number for an address that it does not call. */
const ADDRESS_REFUSED = 1152;

/** Whether Smartsheet calls this server, or this server asks Smartsheet. */
export const addressStep: Step = {
  name: 'address',
  title: 'Public address',
  explain:
    'With an address that Smartsheet can reach, a change is known within a minute and costs nothing. Without one the ' +
    'sheets are looked at every minute. Publish only /webhook and /health (WEBHOOK_PORT); see docs/install.md.',
  async questions(draft) {
    return [
      {
        name: 'publicUrl',
        label: 'Public address',
        hint: 'HTTPS, port 443, 8000, 8008, 8080 or 8443. Empty: polling.',
        kind: 'text',
        present: valueOf(draft, PUBLIC_URL),
      },
    ];
  },
  async check(answers, draft, tools) {
    const text = answered(answers, 'publicUrl', valueOf(draft, PUBLIC_URL)).replace(/\/+$/u, '');
    const next = withValues(draft, { [PUBLIC_URL]: text });
    const url = checkedAddress(text, apiBase(valueOf(draft, 'SMARTSHEET_API_BASE')));
    if (url === null) return { draft: next, findings: [good('Sheets are watched by polling, once a minute.')] };
    const asked = await askSmartsheet(next, url, tools);
    return { draft: next, findings: [...asked, await probe(text, tools)] };
  },
};

/** As `callbackUrl`, under the name by which people know it, and without addresses that only an office can reach. */
function checkedAddress(text: string, base: string): string | null {
  let url: string | null;
  try {
    url = callbackUrl(text === '' ? null : text, base);
  } catch (thrown) {
    if (!(thrown instanceof BadSetting)) throw thrown;
    throw new BadSetting(PUBLIC_URL, thrown.message.replace(/^"[^"]*" /u, '').replace(/\.$/u, ''), HOW);
  }
  if (url === null || isLoopback(new URL(base))) return url;
  const host = new URL(url).hostname.replace(/^\[|\]$/gu, '');
  const version = isIP(host);
  const isPrivate = version !== 0 && PRIVATE.check(host, version === 6 ? 'ipv6' : 'ipv4');
  if (!isPrivate && (version !== 0 || host.includes('.'))) return url;
  throw new BadSetting(PUBLIC_URL, `is ${host}, which only machines of your own network can reach`, HOW);
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['0.0.0.0', 8],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

/** Makes a webhook with this address, which is never switched on, and deletes it: so Smartsheet itself says whether it would call. */
async function askSmartsheet(draft: Draft, url: string, tools: Tools): Promise<readonly Finding[]> {
  const [sheetId] = chosenSheets(draft);
  if (sheetId === undefined || !hasToken(draft)) {
    return [note('Smartsheet was not asked about the address, since there is no token or no sheet yet.')];
  }
  const { client } = smartsheetOf(draft, tools);
  try {
    const webhook = await client.createWebhook({ name: 'Billing Audit set-up check', sheetId, callbackUrl: url });
    await client.deleteWebhook(webhook.id);
    return [good('Smartsheet accepts the address: a webhook could be made (it has been deleted again).')];
  } catch (refusal) {
    if (!(refusal instanceof SmartsheetRefused) || refusal.isAboutToken) throw refusal;
    if (refusal.errorCode === ADDRESS_REFUSED) throw new BadSetting(PUBLIC_URL, `was refused: ${refusal.message}`, HOW);
    return [note(`No webhook can be made, so the sheets are watched by polling. ${refusal.message} ${refusal.hint}`)];
  }
}

/** Whether our /health answers there. Only a hint: a network may let the world in and not its own machines. */
async function probe(address: string, { http }: Tools): Promise<Finding> {
  const url = `${address.replace(/\/webhook$/u, '')}/health`;
  try {
    const { status, body } = await http({ method: 'GET', url, timeoutMilliseconds: PROBE_MILLISECONDS });
    if (isOurHealth(body)) return good(`${url} reaches this product.`);
    return note(`${url} answers with status ${status}, but not as Billing Audit does. Does it lead to this server?`);
  } catch (thrown) {
    return note(
      `${url} does not answer from here (${messageOf(thrown)}). It has to, from outside, once the server runs.`,
    );
  }
}

function isOurHealth(body: string): boolean {
  try {
    const answer = JSON.parse(body) as { readonly status?: unknown; readonly checks?: unknown } | null;
    return typeof answer?.status === 'string' && Array.isArray(answer.checks);
  } catch {
    return false;
  }
}
