import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { NewAccessEvent } from '../../lib/access';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { AccessSpool, commandRun } from '../access-log';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { SecondFactorFile } from '../sign-in';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface Flags {
  readonly home?: string;
  readonly json?: boolean;
}

const HOME = ['--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)'] as const;
const JSON_LINE = ['--json', 'print one JSON line instead of sentences'] as const;

const MORE = `
For an administrator who has lost phone and recovery codes: whoever may run this on the server's machine may remove a factor.
It works while the server runs, and is an entry of the access log. Another administrator does the same on the page /people,
which ends the sessions of the account as well; this command does not.
The password stays; when that is lost too, see "When the admin's password is lost" in docs/install.md.

Exit codes: 0 done, 1 the account has none, 2 misused, 3 could not be done.`;

/** `second-factor`: a way back in for those who are locked out. */
export function addSecondFactor(program: Command): void {
  const command = program.command('second-factor').description('Who signs in with a second factor, and a way back in.');
  command
    .command('list')
    .description('Names of the accounts that have one.')
    .option(...HOME)
    .option(...JSON_LINE)
    .action((flags: Flags) => guarded(() => Promise.resolve(list(flags))));
  command
    .command('reset <account>')
    .description('Remove the second factor of an account.')
    .option(...HOME)
    .option(...JSON_LINE)
    .addHelpText('after', MORE)
    .action((account: string, flags: Flags) => guarded(() => reset(account, flags)));
}

/** There is no home. */
class NoAccounts extends BillingAuditError {
  readonly code = 'no_accounts';
  readonly hint = 'Name the folder with --home or BILLING_AUDIT_HOME, as the server has it.';

  constructor(home: string) {
    super(`There is no folder ${home}, so there are no accounts.`, { home });
  }
}

function list(flags: Flags): void {
  const { factors } = placeOf(flags);
  const names = factors.names();
  if (flags.json) print(JSON.stringify({ accounts: names }));
  else print(names.length === 0 ? 'No account has a second factor.' : names.join('\n'));
}

async function reset(account: string, flags: Flags): Promise<void> {
  const { factors, folder, home } = placeOf(flags);
  const name = account.normalize('NFKC').trim().toLowerCase();
  const removed = factors.remove(name);
  if (removed) {
    const done = `the second factor of ${name} was removed`;
    await record(commandRun('second-factor reset', done, { account: name }, Date.now()), { folder, home });
  }
  if (flags.json) print(JSON.stringify({ account: name, removed }));
  else print(removed ? told(name) : `${name} has no second factor.`);
  if (!removed) process.exitCode = EXIT.foundWrong;
}

function told(name: string): string {
  return (
    `${name} signs in with the password alone from now on; where SECOND_FACTOR demands a factor of them, nothing but their ` +
    `account page opens until they set up another.\nSessions that are open stay open: whoever has one may go on. To end ` +
    `them, give the account another password or disable it, under /people.`
  );
}

/** In the trail at once where it is open or can be opened; else it waits where the server takes it from at its next start. */
async function record(event: NewAccessEvent, { folder, home }: { folder: string; home: string }): Promise<void> {
  try {
    const trail = await openTrail(home, process.env);
    try {
      await trail.store.recordAccess({ events: [event] });
    } finally {
      await trail.close();
    }
  } catch (thrown) {
    process.stderr.write(
      `The trail is not to be had now (${messageOf(thrown)}); the server records this when it starts.\n`,
    );
    const spool = new AccessSpool({
      folder: join(folder, 'access'),
      isFaultOfEvent: () => false,
      onTrouble: () => undefined,
    });
    spool.add(event);
    await spool.close();
  }
}

function placeOf({ home: given }: Flags): { factors: SecondFactorFile; folder: string; home: string } {
  loadDotEnv();
  const { home } = readConfiguration({ ...(given !== undefined && { home: given }) }, process.env);
  // Practice that is published has accounts of its own.
  const holdsAccounts = (each: string): boolean => existsSync(join(each, 'keys', 'accounts.json'));
  // A home where no server has started yet has no account, so none with a second factor.
  const folder = [home, join(home, 'sandbox')].find(holdsAccounts) ?? (existsSync(home) ? home : undefined);
  if (folder === undefined) throw new NoAccounts(home);
  return { factors: new SecondFactorFile(join(folder, 'keys', 'second-factors.json')), folder, home };
}
