import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { wellFormed, type NewAccessEvent } from '../../lib/access';
import { messageOf } from '../../lib/errors';
import type { AccessStore } from '../../lib/store';
import { userName } from '../user-name';

/**
 * A command that changed something, by whom this machine says it was.
 * @param command  as it was given, without values that may be secret: `import --people`
 * @param done     what it did, to go on after "ran ...:"
 */
export function commandRun(
  command: string,
  done: string,
  details: Readonly<Record<string, unknown>>,
  now: number,
): NewAccessEvent {
  const person = wellFormed(userName());
  const machine = wellFormed(hostname());
  return {
    id: randomUUID(),
    kind: 'command_run',
    source: 'command_line',
    happened_at: new Date(now).toISOString(),
    person,
    happened: `${person} ran "billing-audit ${command}" on ${machine}: ${wellFormed(done)}.`,
    sheet_id: null,
    sheet_name: null,
    // Whoever sits at the machine, or came to it from elsewhere: that is for its own log to say.
    ip_address: null,
    device_info: machine,
    session_id: null,
    user_agent: null,
    details: { command, ...details },
  };
}

/** Records a command. It has done its work by then, so a failure of this is told and changes nothing else. */
export async function tellCommand(store: Pick<AccessStore, 'recordAccess'>, event: NewAccessEvent): Promise<void> {
  try {
    await store.recordAccess({ events: [event] });
  } catch (thrown) {
    process.stderr.write(`That this was done could not be recorded in the access log: ${messageOf(thrown)}\n`);
  }
}
