import { isAbsolute } from 'node:path';
import { readRoute } from '../../alerts/route';
import { smtpTransport } from '../../alerts/smtp-transport';
import { BadSetting } from '../../errors';
import type { Http, Now } from '../../ports';
import type { Anchor } from './anchor';
import { folderAnchor } from './folder-anchor';
import { gitAnchor } from './git-anchor';
import { httpAnchor } from './http-anchor';
import { mailAnchor } from './mail-anchor';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The anchors that are set up: `ANCHOR_FOLDER`, `ANCHOR_GIT`, `ANCHOR_URL` (with `ANCHOR_TOKEN`), `ANCHOR_MAIL_TO`. All of
 * them may be on at once.
 * @throws BadSetting  naming the variable
 */
export function readAnchors(
  environment: Environment,
  machine: { readonly http: Http; readonly now: Now },
): readonly Anchor[] {
  const given = (name: string): string | null => environment[name]?.trim() || null;
  const [folder, clone, url, mail] = ['ANCHOR_FOLDER', 'ANCHOR_GIT', 'ANCHOR_URL', 'ANCHOR_MAIL_TO'].map(given);
  return [
    ...(folder ? [folderAnchor(absolute('ANCHOR_FOLDER', folder))] : []),
    ...(clone ? [gitAnchor(absolute('ANCHOR_GIT', clone))] : []),
    ...(url ? [httpAnchor(secureAddress(url), given('ANCHOR_TOKEN'), machine.http)] : []),
    ...(mail ? [mailTo(mail, environment, machine.now)] : []),
  ];
}

/** The working directory of a service is nobody's choice. */
function absolute(name: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw new BadSetting(name, `is "${path}", which depends on where the server was started`, 'Write the whole path.');
}

function secureAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && /^(localhost|127\.|\[::1\])/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return text;
  throw new BadSetting(
    'ANCHOR_URL',
    `is "${text}", which is no https address`,
    'Write it like https://anchor.example.com/log.',
  );
}

function mailTo(text: string, environment: Environment, now: Now): Anchor {
  const route = readRoute({ url: environment['SMTP_URL'] ?? '', from: environment['ALERT_FROM'] ?? '' });
  if (route === null) {
    throw new BadSetting('ANCHOR_MAIL_TO', 'is set, and no mail server is', 'Set SMTP_URL as well.');
  }
  const to = text.split(/[,;\s]+/).filter((each) => each !== '');
  const bad = to.find((each) => !/^[^\s@]+@[^\s@]+$/.test(each));
  if (bad !== undefined) {
    throw new BadSetting(
      'ANCHOR_MAIL_TO',
      `holds "${bad}", which is no address`,
      'Write addresses with commas between them.',
    );
  }
  return mailAnchor({ transport: smtpTransport(route), from: route.from, to, now });
}
