import { BillingAuditError } from '../errors';

/** A text that should be a signed note or a checkpoint is none. */
export class NoteUnreadable extends BillingAuditError {
  readonly code = 'note_unreadable';
  readonly hint = 'Take the file as it was written: a signed note ends with a line that begins with an em dash.';

  constructor(why: string) {
    super(`The text is no signed checkpoint: ${why}.`);
  }
}

/** The signing key cannot be read. */
export class SealKeyUnreadable extends BillingAuditError {
  readonly code = 'seal_key_unreadable';
  readonly hint =
    'Give an Ed25519 private key: PEM (openssl genpkey -algorithm ed25519), or its 32 bytes in base64. A lost key is replaced by deleting the file; what it signed stays valid.';

  constructor(where: string, options?: { cause?: unknown }) {
    super(`${where} holds no Ed25519 private key.`, { where }, options);
  }
}

/** An anchor did not take a checkpoint, or cannot be read. */
export class AnchorFailed extends BillingAuditError {
  readonly code = 'anchor_failed';

  constructor(
    readonly anchor: string,
    why: string,
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super(`The anchor ${anchor} does not work: ${why.replace(/\.+$/, '')}.`, { anchor }, options);
  }
}

/** A file is no archive that can be read. */
export class ArchiveUnreadable extends BillingAuditError {
  readonly code = 'archive_unreadable';
  readonly hint = 'Give the file as "billing-audit export --archive" wrote it; another copy of it may be whole.';

  constructor(path: string, why: string, options?: { cause?: unknown }) {
    super(`${path} cannot be read as an archive: ${why}.`, { path }, options);
  }
}
