import { BadSetting } from '../errors';

/** Smartsheet's separate instances: a token of one is unknown to all others (reference §1). */
export const REGIONS = {
  US: 'https://api.smartsheet.com/2.0/',
  EU: 'https://api.smartsheet.eu/2.0/',
  Australia: 'https://api.smartsheet.au/2.0/',
  'US Gov': 'https://api.smartsheetgov.com/2.0/',
} as const;
export const DEFAULT_API_BASE = REGIONS.US;
/** Ports to which Smartsheet calls back (reference §2.4). */
const CALLBACK_PORTS = new Set(['', '443', '8000', '8008', '8080', '8443']);
const WEBHOOK_PATH = '/webhook';

/** Whether a host name can only be this machine. */
export function isLoopback(address: URL): boolean {
  return (
    address.hostname === 'localhost' || address.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(address.hostname)
  );
}

/** The region that an API address belongs to; null for none of Smartsheet's, as the sandbox. */
export function regionOf(base: string): keyof typeof REGIONS | null {
  const host = URL.canParse(base) ? new URL(base).host : '';
  const found = Object.entries(REGIONS).find(([, address]) => new URL(address).host === host);
  return found ? (found[0] as keyof typeof REGIONS) : null;
}

/**
 * The API's address, with the slash at its end that paths are joined to.
 * @param base  empty = Smartsheet's US address; a region's name (US, EU, Australia, US Gov) stands for its address
 * @throws BadSetting  when it is no address, or sends the token in clear text to another machine
 */
export function apiBase(base: string): string {
  const region = Object.entries(REGIONS).find(([name]) => name.toLowerCase() === base.trim().toLowerCase());
  const address = addressOf(
    region?.[1] ?? (base === '' ? DEFAULT_API_BASE : base),
    'base',
    `Use an address like ${DEFAULT_API_BASE}`,
  );
  if (address.protocol !== 'https:' && !(address.protocol === 'http:' && isLoopback(address))) {
    throw new BadSetting(
      'base',
      `must begin with https:// (it is ${address.protocol}//)`,
      `Use an address like ${DEFAULT_API_BASE}`,
    );
  }
  return address.href.endsWith('/') ? address.href : `${address.href}/`;
}

/**
 * Where Smartsheet posts to: the public address with `/webhook` at its end.
 * Plain HTTP to this machine is allowed only while the API is on this machine too, which is the sandbox.
 * @returns null when no public address is set: sheets are watched by version polling then
 * @throws BadSetting  when Smartsheet would not call that address (HTTPS only, five ports)
 */
export function callbackUrl(publicUrl: string | null, base: string): string | null {
  if (publicUrl === null || publicUrl.trim() === '') return null;
  const hint =
    'Use an address like https://audit.example.com, on port 443, 8000, 8008, 8080 or 8443, or leave it empty to watch by polling.';
  const address = addressOf(publicUrl.trim(), 'publicUrl', hint);
  const withinMachine = isLoopback(address) && isLoopback(new URL(base));
  if (!withinMachine) {
    if (address.protocol !== 'https:')
      throw new BadSetting(
        'publicUrl',
        `must begin with https:// for Smartsheet to call it (it is ${address.protocol}//)`,
        hint,
      );
    if (isLoopback(address))
      throw new BadSetting(
        'publicUrl',
        `is this machine itself (${address.hostname}), which Smartsheet cannot reach`,
        hint,
      );
    if (!CALLBACK_PORTS.has(address.port))
      throw new BadSetting('publicUrl', `uses port ${address.port}, which Smartsheet does not call`, hint);
  }
  const path = address.pathname.replace(/\/+$/, '');
  return `${address.origin}${path.endsWith(WEBHOOK_PATH) ? path : `${path}${WEBHOOK_PATH}`}`;
}

function addressOf(text: string, field: string, hint: string): URL {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new BadSetting(field, `is not a web address: ${JSON.stringify(text)}`, hint);
  return address;
}
