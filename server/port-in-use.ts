import { BillingAuditError } from '../lib/errors';

/** The port that was asked for belongs to another program. */
export class PortInUse extends BillingAuditError {
  readonly code = 'port_in_use';
  readonly hint = 'Stop the other program, or choose another port with --port or PORT.';

  constructor(host: string, port: number) {
    super(`Port ${port} on ${host} is in use by another program.`, { host, port });
  }
}
