import { NotInN8n } from './not-in-n8n';

/** Stands in the bundle where the mail server's code would be: n8n lets no node open sockets. */
export function verifySmtp(): Promise<never> {
  return Promise.reject(new NotInN8n('speaking to a mail server'));
}
