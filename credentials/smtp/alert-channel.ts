import { defineCredential, secret } from '../../lib/define';
import { readChannel, tellChannel } from '../../lib/alerts';
import { BadSetting } from '../../lib/errors';

/** A Slack or Teams channel that is told when mails do not get through. */
export const alertChannel = defineCredential({
  name: 'alert-channel',
  title: 'Second channel (Slack or Teams)',
  summary: 'Told when a mail was tried three times in vain, so that a broken mail server does not hide an alert.',
  fields: {
    url: secret({
      label: 'Address',
      hint: 'Slack: Incoming Webhooks. Teams: Workflows, "post to a channel when a webhook request is received".',
    }),
  },
  test: async ({ url }, http) => {
    const address = readChannel(url);
    if (address === null) throw new BadSetting('Address', 'is empty', 'Paste the address of the incoming webhook.');
    await tellChannel(
      http,
      address,
      'Billing Audit',
      'This channel will be told when mails of alerts do not get through.',
    );
    return 'The channel took a test message.';
  },
});
