import { defineCredential, secret, string } from '../../lib/define';
import { testSmtp } from './test-smtp';

/** A mail server, with a password or OAuth2. */
export const smtp = defineCredential({
  name: 'smtp',
  title: 'Mail server (SMTP)',
  summary: 'The server that takes the mails of alerts, and the address that they come from.',
  fields: {
    url: secret({
      label: 'Server',
      hint: 'smtp://user:password@smtp.example.com:587, or smtps://... for port 465. Empty: SMTP_URL. With OAuth2 leave the password out.',
      environment: 'SMTP_URL',
    }),
    from: string({
      label: 'From',
      hint: 'The address that mails come from. Empty: ALERT_FROM, else the user of the server.',
      placeholder: 'Billing Audit <audit@example.com>',
      environment: 'ALERT_FROM',
    }),
    oauthUser: string({ label: 'OAuth2: mailbox', hint: 'Only with OAuth2: whose mailbox sends.', more: true }),
    oauthClientId: string({ label: 'OAuth2: client id', more: true }),
    oauthClientSecret: secret({ label: 'OAuth2: client secret', more: true }),
    oauthRefreshToken: secret({ label: 'OAuth2: refresh token', more: true }),
    oauthTokenUrl: string({
      label: 'OAuth2: token address',
      hint: 'Empty: Google. Microsoft 365: https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token',
      more: true,
    }),
  },
  test: testSmtp,
});
