import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { BillingAuditError } from '../../lib/errors';

/** A file of JSON lines cannot be read, or one of its lines cannot be used. */
export class BadLines extends BillingAuditError {
  readonly code = 'bad_lines';

  constructor(
    message: string,
    readonly hint: string,
    context: Record<string, unknown>,
  ) {
    super(message, context);
  }
}

/**
 * The JSON objects of a file, one for each line, as they are read; `-` is standard input. Empty lines are passed over.
 * @throws BadLines  with the line's number when it is no JSON object, or the file cannot be read
 */
export async function* jsonLines(
  file: string,
): AsyncGenerator<{ readonly value: Record<string, unknown>; readonly line: number }> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line += 1;
      if (text.trim() !== '') yield { value: objectIn(text, file, line), line };
    }
  } catch (thrown) {
    if (thrown instanceof BillingAuditError || (thrown as NodeJS.ErrnoException).code === undefined) throw thrown;
    throw new BadLines(
      `${file} cannot be read: ${(thrown as Error).message}.`,
      'Check the path, and that you may read the file.',
      { file },
    );
  }
}

function objectIn(text: string, file: string, line: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, with its place.
  }
  throw new BadLines(
    `Line ${line} of ${file === '-' ? 'standard input' : file} is not a JSON object.`,
    'Give one JSON object in each line, as docs/risk.md describes them.',
    { file, line },
  );
}
