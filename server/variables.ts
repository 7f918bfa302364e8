/** An environment variable of the contract with the outside (DESIGN §6). */
export interface Variable {
  readonly name: string;
  /** Never shown, exported or logged. */
  readonly secret: boolean;
}

const PLAIN = [
  'PORT',
  'HOST',
  'WEBHOOK_PORT',
  'DASHBOARD_PORT',
  'BILLING_AUDIT_DASHBOARD_URL',
  'PUBLIC_URL',
  'BILLING_AUDIT_HOME',
  'SMARTSHEET_API_BASE',
  'SMARTSHEET_SHEETS',
  'SECOND_FACTOR',
  'SANDBOX_PORT',
  'ALERT_FROM',
  'ALERT_TO',
  'BUSINESS_TIME_ZONE',
  'BUSINESS_HOURS',
  'HOLIDAYS',
  'BACKUP_DIR',
  'BACKUP_KEEP',
  'ANCHOR_FOLDER',
  'ANCHOR_GIT',
  'ANCHOR_MAIL_TO',
] as const;

const SECRET = [
  'SMARTSHEET_ACCESS_TOKEN',
  // An address with a password in it.
  'SMTP_URL',
  // Whoever has it can say that all is well.
  'HEARTBEAT_URL',
  'DATABASE_URL',
  'SUPABASE_URL',
  'SUPABASE_SECRET_KEY',
  'SUPABASE_PUBLISHABLE_KEY',
  // Its path or query often is the secret.
  'ANCHOR_URL',
  'ANCHOR_TOKEN',
  'SEAL_KEY',
  'SEAL_KEY_BEFORE',
] as const;

/** Every variable that this product reads, in the order of `.env.template`. */
export const VARIABLES: readonly Variable[] = [
  ...PLAIN.map((name) => ({ name, secret: false })),
  ...SECRET.map((name) => ({ name, secret: true })),
];

/** What is set among our variables, and not empty. */
export function ourVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    VARIABLES.flatMap(({ name }) => {
      const value = environment[name]?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}
