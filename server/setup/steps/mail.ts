import { randomUUID } from 'node:crypto';
import { readAddresses, readRoute, type MailRoute } from '../../../lib/alerts';
import { BadSetting } from '../../../lib/errors';
import { smtpTransport } from '../../../lib/alerts/smtp-transport';
import { answered, good, note, valueOf, withValues, type Draft, type Finding, type Step } from '../step';

const URL_NAME = 'SMTP_URL';
const FROM = 'ALERT_FROM';
const TO = 'ALERT_TO';
const LONGEST_MILLISECONDS = 30_000;
const TIMEOUTS = { connect: 10_000, greet: 10_000, silence: 15_000 };

/** Who is told, and through which mail server; proved by a mail. */
export const mailStep: Step = {
  name: 'mail',
  title: 'Mail',
  explain: 'Alerts are mailed through your own mail server. Without one they wait, and are shown on the dashboard.',
  async questions(draft) {
    return [
      {
        name: 'smtpUrl',
        label: 'Mail server',
        hint: 'smtp://user:password@smtp.example.com:587, or smtps://... for port 465. In a password write @ as %40.',
        kind: 'secret',
        present: shownServer(draft),
      },
      {
        name: 'alertFrom',
        label: 'From',
        hint: 'The address that mails come from.',
        kind: 'text',
        present: valueOf(draft, FROM),
      },
      {
        name: 'alertTo',
        label: 'Who is told',
        hint: 'Mail addresses with commas between them.',
        kind: 'text',
        present: valueOf(draft, TO),
      },
      {
        name: 'sendTestMail',
        label: 'Send a test mail now',
        hint: 'To everybody named above.',
        kind: 'yes-no',
        present: 'yes',
      },
    ];
  },
  async check(answers, draft, { now }) {
    const url = answered(answers, 'smtpUrl', valueOf(draft, URL_NAME));
    const from = answered(answers, 'alertFrom', valueOf(draft, FROM));
    const to = answered(answers, 'alertTo', valueOf(draft, TO));
    const addresses = readAddresses(to, TO);
    const next = withValues(draft, { [URL_NAME]: url, [FROM]: from, [TO]: to });
    // The sender is looked at with the server; alone it is of no use.
    const route = readRoute({ url, from });
    const told = addresses.length === 0 ? [note('Nobody is named: alerts are only shown.')] : [];
    if (route === null) {
      return { draft: next, findings: [...told, note('No mail server: alerts wait in the outbox, and are shown.')] };
    }
    if (!isYes(answered(answers, 'sendTestMail', 'yes')) || addresses.length === 0) {
      return {
        draft: next,
        findings: [...told, note('No test mail was sent, so nobody knows yet that mails arrive.')],
      };
    }
    return { draft: next, findings: await sendTo(addresses, route, now()) };
  },
};

/** @throws BadSetting  when it is neither yes nor no */
export function isYes(text: string): boolean {
  if (/^(?:y|yes|true|on)$/iu.test(text)) return true;
  if (/^(?:n|no|false|off|)$/iu.test(text)) return false;
  throw new BadSetting('sendTestMail', `is "${text.slice(0, 40)}"`, 'Answer yes or no.');
}

async function sendTo(addresses: readonly string[], route: MailRoute, date: number): Promise<readonly Finding[]> {
  const transport = smtpTransport(route, TIMEOUTS);
  const findings: Finding[] = [];
  for (const to of addresses) {
    const mail = { ...TEST_MAIL, from: route.from, to, date, messageId: `<${randomUUID()}@${domainOf(route.from)}>` };
    await transport.deliver(mail, async () => true, AbortSignal.timeout(LONGEST_MILLISECONDS));
    findings.push(good(`${route.server.host} has taken a test mail to ${to}. Look whether it arrives.`));
  }
  return findings;
}

const TEST_TEXT =
  'This is the test mail of the Billing Audit set-up. Alerts about changed billing sheets will come from this address.';
const TEST_MAIL = {
  subject: 'Billing Audit: test mail',
  text: `${TEST_TEXT}\n`,
  html: `<!doctype html><html lang="en"><body><p>${TEST_TEXT}</p></body></html>`,
  inReplyTo: null,
} as const;

function domainOf(from: string): string {
  return (/<([^<>]+)>$/u.exec(from)?.[1] ?? from).split('@').at(-1)?.trim() ?? 'localhost';
}

/** Server and user, never the password. */
function shownServer(draft: Draft): string {
  const text = valueOf(draft, URL_NAME);
  if (text === '') return '';
  if (!URL.canParse(text)) return 'set, and not readable';
  const { host, username } = new URL(text);
  return username === '' ? `set: ${host}` : `set: ${host} as ${decodeURIComponentSafely(username)}`;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
