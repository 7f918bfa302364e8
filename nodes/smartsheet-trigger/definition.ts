import { smartsheet } from '../../credentials/smartsheet';
import { boolean, columns, defineTrigger, number, sheets, string } from '../../lib/define';
import { change } from '../../lib/event';
import { exampleOfTrigger } from './example';
import { watch } from './watch';

export const smartsheetTrigger = defineTrigger({
  name: 'smartsheet-trigger',
  version: 1,
  runs: 'anywhere',
  title: 'Smartsheet Trigger',
  summary: 'Starts a flow for each change in a sheet: who changed which cell, when, from what to what.',
  outputs: { changes: change },
  credentials: [smartsheet],
  fields: {
    sheets: sheets({
      label: 'Sheets',
      hint: 'Sheet ids, with commas. In Smartsheet: File > Properties.',
      many: true,
      environment: 'SMARTSHEET_SHEETS',
      weaker: 'fewer',
    }),
    workspaces: string({
      label: 'Workspaces',
      hint: 'Workspace ids, with commas: all their sheets are watched too, and new ones within minutes.',
      placeholder: 'none',
      weaker: 'fewer',
    }),
    publicUrl: string({
      label: 'Public address',
      hint: 'Where Smartsheet reaches this server, over HTTPS. Empty: PUBLIC_URL; without one the sheets are watched by polling.',
      placeholder: 'https://audit.example.com',
      environment: 'PUBLIC_URL',
      weaker: 'emptied',
    }),
    quick: boolean({
      label: 'Faster than callbacks',
      hint: "Smartsheet holds callbacks back for a minute. On, the sheet's version is looked at every few seconds too, within 60 % of the token's rate limit.",
      default: true,
      weaker: 'off',
      more: true,
    }),
    columns: columns({
      label: 'Call for columns',
      hint: 'Column titles: Smartsheet calls for their changes only. Those of other columns are found by comparing. Empty: all.',
      many: true,
      more: true,
    }),
    pollSeconds: number({
      label: 'Look every',
      hint: 'How often a sheet without a webhook is looked at.',
      default: 60,
      weaker: 'higher',
      min: 5,
      max: 3600,
      integer: true,
      unit: 's',
      more: true,
    }),
  },
  guards: {},
  example: { changes: exampleOfTrigger },
  start: watch,
});
