import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BadSetting, messageOf } from '../../lib/errors';

const savedNode = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** By the field's name, as the flow holds them. */
  values: z.record(z.string(), z.unknown()),
});

const configurationFile = z.strictObject({
  format: z.literal('billing-audit-configuration'),
  version: z.literal(1),
  exported_at: z.iso.datetime(),
  /** By name; none of them is a secret. */
  variables: z.record(z.string(), z.string()),
  /** Names of secrets that were set; their values stay where they are. */
  secrets_set: z.array(z.string()),
  billing_settings: z.array(savedNode),
  alert_rules: z.array(savedNode),
});

/** All settings of an installation but its secrets. */
export type ConfigurationFile = z.infer<typeof configurationFile>;
/** The settings of one node of the flow. */
export type NodeSettings = z.infer<typeof savedNode>;

/**
 * @param file  `-` reads standard input
 * @throws BadSetting  naming what is not of this form
 */
export function readConfigurationFile(file: string): ConfigurationFile {
  const hint = 'Give a file that "billing-audit config export" has made.';
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (thrown) {
    throw new BadSetting(file, `cannot be read (${messageOf(thrown)})`, hint);
  }
  const parsed = configurationFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw new BadSetting(file, `is no configuration (${problems.join('; ')})`, hint);
}
