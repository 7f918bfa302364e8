import { BadSetting } from '../../lib/errors';
import type { Http } from '../../lib/ports';
import { apiBase, whoOwns } from '../../lib/smartsheet';

/**
 * Asks Smartsheet whose token it is. One try: somebody is waiting for the answer.
 * @returns a sentence for people
 * @throws SmartsheetRefused, SmartsheetUnavailable, BadSetting
 */
export async function testToken({ token, base }: { token: string; base: string }, http: Http): Promise<string> {
  if (token.trim() === '') {
    throw new BadSetting('token', 'is empty', 'Paste an access token, or set SMARTSHEET_ACCESS_TOKEN.');
  }
  const user = await whoOwns(http, token.trim(), apiBase(base));
  return `Connected as ${user.name === null ? user.email : `${user.name} (${user.email})`}.`;
}
