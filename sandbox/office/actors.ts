/** A writer that is not a person. The ids are Smartsheet's own (reference §5.4); the addresses of all but `automation` are made up. */
export interface SystemActor {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

export const SYSTEM_ACTORS: readonly SystemActor[] = [
  { id: 3940654876256132, email: 'automation@smartsheet.com', name: 'Smartsheet Automation' },
  { id: 7881304550205316, email: 'form@smartsheet.com', name: 'Web Form' },
  { id: 3377704922834820, email: 'cell-link@smartsheet.com', name: 'Cell Link' },
  { id: 6192454689941380, email: 'notification@smartsheet.com', name: 'Smartsheet Notification System' },
];
