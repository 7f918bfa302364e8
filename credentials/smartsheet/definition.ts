import { defineCredential, secret, string } from '../../lib/define';
import { testToken } from './test-token';

/** An account of Smartsheet, by a personal access token. */
export const smartsheet = defineCredential({
  name: 'smartsheet',
  title: 'Smartsheet',
  summary: 'The account whose sheets are watched. A service account of its own is best: it owns the webhooks.',
  fields: {
    token: secret({
      label: 'Access token',
      hint: 'In Smartsheet: Personal Settings > API Access. Empty: SMARTSHEET_ACCESS_TOKEN.',
      environment: 'SMARTSHEET_ACCESS_TOKEN',
    }),
    base: string({
      label: 'API address',
      hint: 'Only for other regions. Empty: SMARTSHEET_API_BASE, else https://api.smartsheet.com/2.0/',
      placeholder: 'https://api.smartsheet.eu/2.0/',
      environment: 'SMARTSHEET_API_BASE',
    }),
  },
  test: testToken,
});
