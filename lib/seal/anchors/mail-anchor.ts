import { createHash } from 'node:crypto';
import type { MailTransport } from '../../alerts/mail-transport';
import { messageOf } from '../../errors';
import type { Now } from '../../ports';
import { readCheckpoint } from '../checkpoint';
import { AnchorFailed } from '../errors';
import type { Anchor } from './anchor';

/** Once a day: a mailbox is read by people. */
const MAIL_SECONDS = 86_400;
const LONGEST_MILLISECONDS = 120_000;

export interface MailAnchorOptions {
  readonly transport: MailTransport;
  readonly from: string;
  readonly to: readonly string[];
  readonly now: Now;
}

/** Auditors' mailboxes. Nobody here can read them: an auditor compares with `verify --anchor`, or with verify.py. */
export function mailAnchor({ transport, from, to, now }: MailAnchorOptions): Anchor {
  const name = `mail to ${to.join(', ')}`;
  return {
    name,
    everySeconds: MAIL_SECONDS,
    put: async ({ note }, size) => {
      const { sealedAt, origin } = readCheckpoint(note);
      const text = wordsOf(note, size, sealedAt);
      for (const each of to) {
        const messageId = `<${createHash('sha256').update(`${each}\n${note}`).digest('hex').slice(0, 40)}@${origin.replace(/[^\w.-]/g, '.')}>`;
        const subject = `Billing Audit: checkpoint of ${size} events, ${sealedAt}`;
        const mail = { from, to: each, subject, text, html: asHtml(text), messageId, inReplyTo: null, date: now() };
        await transport
          .deliver(mail, () => Promise.resolve(true), AbortSignal.timeout(LONGEST_MILLISECONDS))
          .catch((thrown: unknown) => {
            throw new AnchorFailed(name, messageOf(thrown), 'Check SMTP_URL, ALERT_FROM and ANCHOR_MAIL_TO.', {
              cause: thrown,
            });
          });
      }
    },
    read: () => Promise.resolve(null),
  };
}

function wordsOf(note: string, size: number, sealedAt: string): string {
  return [
    'Keep this mail. It is the fingerprint of the audit trail of billing changes:',
    `${size} events, as they were at ${sealedAt}. None of them can be altered or removed later`,
    'without contradicting the lines below, by whoever runs the database.',
    '',
    'To compare: save the lines between the marks as checkpoint.txt, ask for an evidence bundle, and run',
    '  python3 verify.py BUNDLE --anchor checkpoint.txt',
    '',
    '-----8<-----',
    note.trimEnd(),
    '-----8<-----',
    '',
  ].join('\n');
}

function asHtml(text: string): string {
  const safe = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<pre style="font-family:monospace">${safe}</pre>`;
}
