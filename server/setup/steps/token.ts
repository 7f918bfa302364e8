import { BadSetting } from '../../../lib/errors';
import { apiBase, DEFAULT_API_BASE, planLimits } from '../../../lib/smartsheet';
import { smartsheetOf } from '../smartsheet';
import { answered, good, masked, note, valueOf, withValues, type Finding, type Step } from '../step';

const TOKEN = 'SMARTSHEET_ACCESS_TOKEN';
const BASE = 'SMARTSHEET_API_BASE';

/** Whose token it is, and what its plan allows. */
export const tokenStep: Step = {
  name: 'token',
  title: 'Smartsheet',
  explain:
    'Make an account of its own for this server, share the billing sheets with it, and create a token there under ' +
    'Personal Settings > API Access.',
  async questions(draft) {
    return [
      {
        name: 'token',
        label: 'Access token',
        hint: 'It is kept in .env, which only the owner of this server can read.',
        kind: 'secret',
        present: masked(valueOf(draft, TOKEN)),
      },
      {
        name: 'apiBase',
        label: 'API address',
        hint: 'Only other regions need another one, for example https://api.smartsheet.eu/2.0/.',
        kind: 'text',
        present: valueOf(draft, BASE) || DEFAULT_API_BASE,
      },
    ];
  },
  async check(answers, draft, tools) {
    const present = valueOf(draft, BASE);
    const given = answered(answers, 'apiBase', present);
    const base = apiBase(given);
    const moved = base !== apiBase(present);
    const token = answered(answers, 'token', moved ? '' : valueOf(draft, TOKEN));
    if (token === '') {
      throw new BadSetting(
        TOKEN,
        moved && valueOf(draft, TOKEN) !== '' ? 'was not given again for the new API address' : 'is empty',
        'Paste the access token of Smartsheet: Personal Settings > API Access > Generate new access token.',
      );
    }
    if (!/^[\x21-\x7e]+$/u.test(token)) {
      throw new BadSetting(TOKEN, 'holds spaces or letters that no token has', 'Copy the token again, and only it.');
    }
    const next = withValues(draft, { [TOKEN]: token, ...(moved || present !== '' ? { [BASE]: base } : {}) });
    const { client, exchange } = smartsheetOf(next, tools);
    const owner = await client.me();
    const limits = await planLimits(exchange);
    const who = owner.name === null ? owner.email : `${owner.name} (${owner.email})`;
    return { draft: next, findings: [good(`The token belongs to ${who}.`), ...planFindings(limits)] };
  },
};

function planFindings({ noWebhooks, noEvents }: Awaited<ReturnType<typeof planLimits>>): readonly Finding[] {
  return [
    noWebhooks === null
      ? good('Webhooks: allowed. With a public address Smartsheet tells of each change at once.')
      : note(`Webhooks: not for this account. ${noWebhooks} The sheets will be watched by polling.`),
    noEvents === null
      ? good('Event Reporting: in the plan. IP addresses can be known.')
      : note(`Event Reporting: not in the plan, or the account is no system admin. IP addresses will be unknown.`),
  ];
}
