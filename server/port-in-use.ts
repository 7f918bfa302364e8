import { BillingAuditError } from '../lib/errors';

/** The port that was asked for belongs to another program. */
export class PortInUse extends BillingAuditError {
  readonly code = 'port_in_use';
  readonly hint =
    'Stop the other program, or choose another port: PORT (or --port), WEBHOOK_PORT or DASHBOARD_PORT, whichever names this one.';

  constructor(host: string, port: number) {
    super(`Port ${port} on ${host} is in use by another program.`, { host, port });
  }
}

/** The system keeps this user from listening there. */
export class PortNotAllowed extends BillingAuditError {
  readonly code = 'port_not_allowed';
  readonly hint = 'Choose a port from 1024 on, and put a reverse proxy in front of it (docs/install.md).';

  constructor(host: string, port: number) {
    super(`This user may not listen on port ${port} of ${host}.`, { host, port });
  }
}

/** HOST is an address of another machine, or none. */
export class HostNotHere extends BillingAuditError {
  readonly code = 'host_not_here';
  readonly hint = 'Set HOST to 127.0.0.1, to an address of this machine, or to 0.0.0.0 for all of them.';

  constructor(host: string) {
    super(`${host} is no address of this machine.`, { host });
  }
}

/** Why nothing could listen there, in words. */
export function whyNotListening(host: string, port: number, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortInUse(host, port);
    case 'EACCES':
      return new PortNotAllowed(host, port);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HostNotHere(host);
    default:
      return error;
  }
}
