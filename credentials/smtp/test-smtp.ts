import { readRoute, type SmtpTexts } from '../../lib/alerts';
import { BadSetting } from '../../lib/errors';

/**
 * Connects and logs in; no mail is sent.
 * @returns a sentence for people
 * @throws BadSetting  when a field cannot be used
 * @throws MailFailure  with what the server said
 */
export async function testSmtp(texts: SmtpTexts): Promise<string> {
  const route = readRoute(texts);
  if (!route) throw new BadSetting('Server', 'is empty', 'Write smtp://user:password@smtp.example.com:587.');
  // Loaded when it is needed: it opens sockets, which not every host allows.
  const { verifySmtp } = await import('../../lib/alerts/smtp-transport');
  await verifySmtp(route);
  const { host, port, tls, login } = route.server;
  const how = tls === 'none' ? 'unencrypted' : 'encrypted';
  return `${host}:${port} answers, ${how}${login ? `, and lets ${login.user} in` : ''}. Mails come from ${route.from}.`;
}
