import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MailFailure, type MailTransport } from './mail-transport';
import { mimeOf } from './mime';

/**
 * Practice: a mail becomes a file that any mail program opens, and leaves no other trace in the world.
 * The same mail written twice is the same file.
 */
export function fileTransport(folder: string): MailTransport {
  return {
    async deliver(mail, handOver) {
      const name = `${mail.messageId
        .replace(/[^0-9A-Za-z]+/gu, '-')
        .replace(/^-|-$/gu, '')
        .slice(0, 60)}.eml`;
      const bytes = await mimeOf(mail);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (!(await handOver())) throw new MailFailure('lost', 'Another sender has taken this mail.', 'Nothing to do.');
      const half = join(folder, `.${name}.part`);
      await writeFile(half, bytes, { mode: 0o600 });
      await rename(half, join(folder, name));
    },
  };
}
