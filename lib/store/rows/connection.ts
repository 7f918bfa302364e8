/** One database that takes SQL: one statement with parameters, or several without. */
export interface SqlConnection {
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** Text of values does not depend on where and by whom a database was set up. */
export const SAME_TEXT = `set local timezone to 'UTC'; set local datestyle to 'ISO, YMD'; set local intervalstyle to 'postgres';
  set local extra_float_digits to 1; set local bytea_output to 'hex'`;
