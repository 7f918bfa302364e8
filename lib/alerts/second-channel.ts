import { BadSetting, messageOf } from '../errors';
import type { Http } from '../ports';

const TEAMS = /(^|\.)(office\.com|office365\.com|logic\.azure\.com|powerplatform\.com|powerautomate\.com)$/i;

/**
 * Reads the address of a Slack or Teams incoming webhook.
 * @returns null when none is given
 * @throws BadSetting  never showing the address, which is a secret
 */
export function readChannel(text: string): string | null {
  const address = text.trim();
  if (address === '') return null;
  const url = URL.canParse(address) ? new URL(address) : null;
  const isLocal = url !== null && /^(localhost|127(\.\d{1,3}){3})$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url.href;
  throw new BadSetting(
    'Slack or Teams address',
    'is no https address',
    'Copy it from Slack (Incoming Webhooks) or Teams (Workflows: post to a channel when a webhook request is received).',
  );
}

/**
 * Says something in a Slack or Teams channel.
 * @throws Error  when the channel cannot be reached or does not take it
 */
export async function tellChannel(http: Http, address: string, title: string, text: string): Promise<void> {
  const body = JSON.stringify(TEAMS.test(new URL(address).hostname) ? teamsCard(title, text) : slackText(title, text));
  const headers = { 'content-type': 'application/json' };
  const answer = await http({ method: 'POST', url: address, headers, body, timeoutMilliseconds: 15_000 }).catch(
    (thrown: unknown) => {
      throw new Error(`The second channel cannot be reached: ${messageOf(thrown)}`);
    },
  );
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`The second channel answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }
}

/** Slack reads & < > as marks of its own: links, mentions of everybody. */
function slackText(title: string, text: string): unknown {
  const plain = (raw: string): string => raw.replace(/&/gu, '&amp;').replace(/</gu, '&lt;').replace(/>/gu, '&gt;');
  return { text: `*${plain(title).replace(/\*/gu, '')}*\n${plain(text)}` };
}

function teamsCard(title: string, text: string): unknown {
  // Escaped, so that a card does not read what people typed as its own marks.
  const plain = (raw: string): string => raw.replace(/([[\]*_#`~>])/gu, '\\$1');
  const block = (content: string, more: object): unknown => ({
    type: 'TextBlock',
    text: plain(content),
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(title, { weight: 'Bolder' }), block(text, {})],
        },
      },
    ],
  };
}
