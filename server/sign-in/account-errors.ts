import { BillingAuditError, messageOf } from '../../lib/errors';

/** A name that nobody can have. */
export class NameNotAllowed extends BillingAuditError {
  readonly code = 'name_not_allowed';
  readonly hint = 'Use letters, digits, dots, dashes, underscores or @, up to 64, beginning with a letter or digit.';

  constructor() {
    super('This name cannot be used.');
  }
}

export class NameTaken extends BillingAuditError {
  readonly code = 'name_taken';
  readonly hint = 'Choose another name, or give the person who has it a new password.';

  constructor(name: string) {
    super(`There is already somebody named ${name}.`, { name });
  }
}

export class PersonUnknown extends BillingAuditError {
  readonly code = 'person_unknown';
  readonly hint = 'Load the page again; somebody may have changed the list.';

  constructor() {
    super('There is nobody with this name.');
  }
}

/** Without an admin nobody could ever change anything again. */
export class LastAdmin extends BillingAuditError {
  readonly code = 'last_admin';
  readonly hint = 'Make somebody else an admin first.';

  constructor(name: string) {
    super(`${name} is the last admin, so this account has to stay an enabled admin.`, { name });
  }
}

export class PasswordRefused extends BillingAuditError {
  readonly code = 'password_refused';

  constructor(
    why: string,
    readonly hint: string,
  ) {
    super(why);
  }
}

/** A new password for oneself would be shown to a session that has just ended, so to nobody. */
export class OwnPassword extends BillingAuditError {
  readonly code = 'own_password';
  readonly hint = 'Choose a new one for yourself under Account.';

  constructor() {
    super('Your own password is not reset here.');
  }
}

/** Whoever takes a signed-in browser of an admin must not get rid of the factor by it. */
export class OwnFactor extends BillingAuditError {
  readonly code = 'own_factor';
  readonly hint = 'Remove it under Account, with your password and a code.';

  constructor() {
    super('Your own second factor is not removed here.');
  }
}

/** Who disables oneself is out at the next click, and needs another admin to come back. */
export class OwnAccount extends BillingAuditError {
  readonly code = 'own_account';
  readonly hint = 'Ask another admin to do it, if you really want to go.';

  constructor() {
    super('You cannot disable yourself.');
  }
}

/** Whoever sits at a signed-in browser does not know its person's password. */
export class PasswordWrong extends BillingAuditError {
  readonly code = 'password_wrong';
  readonly hint = 'Type the password that you signed in with.';

  constructor() {
    super('The present password is not right.');
  }
}

/** Whoever sits at a signed-in browser does not have its person's phone. */
export class CodeWrong extends BillingAuditError {
  readonly code = 'code_wrong';
  readonly hint = 'Wait for the next one in your app. If it never fits, check the clock of your phone.';

  constructor() {
    super('This code is not right, or was used before.');
  }
}

/** A second factor is there already, is not there, or its set-up took too long. */
export class NothingToSetUp extends BillingAuditError {
  readonly code = 'nothing_to_set_up';
  readonly hint = 'Look at how your second factor stands under Account.';
}

export class TooManyTries extends BillingAuditError {
  readonly code = 'too_many_tries';
  readonly hint: string;

  constructor(milliseconds: number) {
    super('Too many wrong tries.', { milliseconds });
    this.hint = `Wait ${Math.ceil(milliseconds / 1000)} seconds.`;
  }
}

/** Comparing a password costs a tenth of a second on purpose; a flood of them must not stop everything else. */
export class TooManySignIns extends BillingAuditError {
  readonly code = 'too_many_sign_ins';
  readonly hint = 'Try again in a few seconds.';

  constructor() {
    super('Too many people are signing in at this moment.');
  }
}

/** A file of the home's `keys` folder is damaged; starting without it would let the wrong people in, or nobody. */
export class KeysUnreadable extends BillingAuditError {
  readonly code = 'keys_unreadable';
  readonly hint =
    'Restore the file from a backup. If nobody can sign in any more, remove it: the next start makes new accounts.';

  constructor(file: string, cause: unknown) {
    super(`The file ${file} cannot be read: ${messageOf(cause)}.`, { file }, { cause });
  }
}
