import { BillingAuditError, messageOf } from '../../lib/errors';

/** Exit codes of DESIGN §6. */
export const EXIT = { done: 0, foundWrong: 1, misused: 2, couldNotBeDone: 3 } as const;

/** Variables of `.env` in the working directory; the environment wins over them. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}

/** The one place where a failure of a command is told. */
export async function guarded(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (thrown) {
    const known = thrown instanceof BillingAuditError;
    process.stderr.write(`${messageOf(thrown)}\n${known ? thrown.hint : whatToDo(thrown)}\n`);
    process.exit(known && thrown.code === 'bad_setting' ? EXIT.misused : EXIT.couldNotBeDone);
  }
}

/** What the operating system refuses names its path; all else is a fault of ours, for whoever mends it. */
function whatToDo(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if (!('syscall' in thrown)) return thrown.stack ?? '';
  return 'Look at the name of the file or folder, at the rights of this user on it, and at the room on the disk.';
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
