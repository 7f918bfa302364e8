import { alertChannel, smtp } from '../../credentials/smtp';
import { alert } from '../../lib/alerts';
import { defineNode } from '../../lib/define';
import { recordedEvent } from '../../lib/event';
import { exampleEvent } from '../billing-rules';
import { beginAlerting, tell } from './tell';
import { alertFields } from './fields';
import { shownProblems } from './shown-problems';

export const alertNode = defineNode({
  name: 'alert',
  version: 1,
  runs: 'anywhere',
  title: 'Alert',
  summary: 'Mails people about changes that matter: at once, grouped, and never lost.',
  input: recordedEvent,
  outputs: { alert },
  credentials: [smtp, alertChannel],
  fields: alertFields,
  beside: { findingsADay: shownProblems },
  guards: { tells: 'recipients' },
  example: exampleEvent,
  run: tell,
  begin: beginAlerting,
  status: ({ alert: told }) => {
    const [first] = told === undefined ? [] : [told].flat();
    if (!first) return { state: 'ok', text: 'nothing to tell' };
    const count = first.recipients.length;
    const who = count === 0 ? 'shown, nobody is mailed' : `told ${count} ${count === 1 ? 'person' : 'people'}`;
    return { state: 'warning', text: `${first.severity}: ${who}` };
  },
});
