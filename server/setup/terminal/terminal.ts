import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { BillingAuditError } from '../../../lib/errors';

/** Nobody will answer any more. */
export class InputEnded extends BillingAuditError {
  readonly code = 'input_ended';
  readonly hint = 'Run it again, or give the answers in a file: billing-audit setup --answers FILE.';

  constructor() {
    super('The set-up was ended before its last question; nothing was written.');
  }
}

export type TerminalInput = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Lines in, text out; on a real terminal with editing, and without echo for secrets. */
export class Terminal {
  readonly isTerminal: boolean;
  private readonly lines: string[] = [];
  private readonly reader: Interface;
  private waiting: ((line: string | null) => void) | null = null;
  private ended = false;
  private muted = false;

  constructor(
    input: TerminalInput,
    private readonly output: Writable,
  ) {
    this.isTerminal = input.isTTY === true;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.muted) this.output.write(chunk);
        done();
      },
    });
    // Without a terminal nothing is echoed; lines that come faster than questions are kept.
    this.reader = createInterface({ input, terminal: this.isTerminal, ...(this.isTerminal && { output: echo }) });
    this.reader.on('line', (line) => this.take(line));
    this.reader.on('close', () => this.end());
    this.reader.on('SIGINT', () => this.reader.close());
  }

  print(text: string): void {
    this.output.write(`${text}\n`);
  }

  /** Replaces the last progress line on a terminal; elsewhere each text is a line of its own. */
  progress(text: string): void {
    this.output.write(this.isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
  }

  /**
   * Asks and waits for one line.
   * @param hidden  what is typed is not shown
   * @throws InputEnded
   */
  async ask(prompt: string, hidden = false): Promise<string> {
    if (this.isTerminal && !hidden) {
      this.reader.setPrompt(prompt);
      this.reader.prompt();
    } else {
      this.output.write(prompt);
    }
    this.muted = hidden;
    const line = await this.next();
    this.muted = false;
    if (hidden || !this.isTerminal) this.output.write('\n');
    if (line === null) throw new InputEnded();
    return line.trim();
  }

  /** Resolves when somebody presses Enter, or the input ends. */
  async enter(): Promise<void> {
    await this.next();
  }

  close(): void {
    this.reader.close();
  }

  private next(): Promise<string | null> {
    const line = this.lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.ended) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  private take(line: string): void {
    const { waiting } = this;
    this.waiting = null;
    if (waiting) waiting(line);
    else this.lines.push(line);
  }

  private end(): void {
    this.ended = true;
    const { waiting } = this;
    this.waiting = null;
    waiting?.(null);
  }
}
