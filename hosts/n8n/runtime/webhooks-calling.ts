import type { SmartsheetClient, SmartsheetWebhook } from '../../../lib/smartsheet';

const PAGE_SIZE = 100;

/** The webhooks of the token's owner that call an address; each n8n trigger has an address of its own. */
export async function webhooksCalling(
  client: Pick<SmartsheetClient, 'webhooks'>,
  address: string,
): Promise<readonly SmartsheetWebhook[]> {
  const found: SmartsheetWebhook[] = [];
  for (let page = 1; ; page += 1) {
    const listed = await client.webhooks(page, PAGE_SIZE);
    found.push(...listed.filter(({ callbackUrl }) => callbackUrl === address));
    if (listed.length < PAGE_SIZE) return found;
  }
}
