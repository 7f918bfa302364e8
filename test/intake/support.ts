import type { Log } from '../../lib/ports';

/** A log that keeps its lines, with their level before them. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: string): void => {
      if (level !== 'debug') lines.push(`${level}: ${message}`);
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
