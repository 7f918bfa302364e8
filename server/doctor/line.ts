/** How one part of the installation stands. */
export interface Line {
  readonly name: string;
  /** `off`: not in use, which is no fault. */
  readonly state: 'ok' | 'off' | 'wrong';
  /** A sentence: what was found. */
  readonly text: string;
  /** What a person can do; null when nothing has to be done. */
  readonly todo: string | null;
}

export function ok(name: string, text: string): Line {
  return { name, state: 'ok', text, todo: null };
}

export function off(name: string, text: string, todo: string | null = null): Line {
  return { name, state: 'off', text, todo };
}

export function wrong(name: string, text: string, todo: string): Line {
  return { name, state: 'wrong', text, todo };
}

/** What `/health` says, as the beginning of a line; its end is the caller's. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/u, '');
}
