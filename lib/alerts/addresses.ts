import { BadSetting } from '../errors';

/** What mail servers take: one @, a name of visible ASCII, a domain of labels. Quoted names and bare hosts are refused. */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;
const NAMED = /^[^<>\r\n]*<([^<>\r\n]+)>$/;

/**
 * Mail addresses out of one field: parted by commas, semicolons or lines, each bare or as `Name <address>`.
 * @returns the bare addresses in lower case, each once, in the order given
 * @throws BadSetting  naming every address that is none
 */
export function readAddresses(text: string, field: string): readonly string[] {
  const given = partsOf(text);
  const addresses = given.map((part) => (NAMED.exec(part)?.[1] ?? part).trim());
  const wrong = given.filter((_, index) => !isAddress(addresses[index] ?? ''));
  if (wrong.length) {
    const named = wrong.slice(0, 5).map((part) => `"${part.replace(/\s+/gu, ' ').slice(0, 80)}"`);
    throw new BadSetting(
      field,
      `has ${wrong.length === 1 ? 'an address that is none' : 'addresses that are none'}: ${named.join(', ')}`,
      'Write addresses like manager@example.com, with commas between them.',
    );
  }
  return [...new Set(addresses.map((address) => address.toLowerCase()))];
}

export function isAddress(text: string): boolean {
  const name = text.lastIndexOf('@');
  return text.length <= 254 && name <= 64 && ADDRESS.test(text);
}

/** Commas inside quotes belong to a name. */
function partsOf(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,;\n"])+/gu) ?? []).map((part) => part.trim()).filter(Boolean);
}
