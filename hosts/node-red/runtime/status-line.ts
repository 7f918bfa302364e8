import type { Node, NodeStatus } from 'node-red';
import type { Status } from '../../../lib/define';

const LOOK: Readonly<Record<Status['state'], Pick<NodeStatus, 'fill' | 'shape'>>> = {
  ok: { fill: 'green', shape: 'dot' },
  working: { fill: 'blue', shape: 'dot' },
  waiting: { fill: 'blue', shape: 'ring' },
  warning: { fill: 'yellow', shape: 'dot' },
  error: { fill: 'red', shape: 'ring' },
  off: { fill: 'grey', shape: 'ring' },
};
const SHORTEST_GAP_MILLISECONDS = 250;
const LONGEST_TEXT = 60;

/** The text under a node. Many in a row are thinned out: the editor sees four a second at most, and always the last. */
export class StatusLine {
  private lastShown = 0;
  private next: Status | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly node: Pick<Node, 'status'>) {}

  readonly show = (status: Status): void => {
    this.next = status;
    if (this.timer) return;
    const wait = Math.max(0, this.lastShown + SHORTEST_GAP_MILLISECONDS - performance.now());
    if (wait === 0) return this.flush();
    this.timer = setTimeout(() => this.flush(), wait).unref();
  };

  /** Clears the text and the timer. */
  end(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.next = null;
    this.node.status({});
  }

  private flush(): void {
    this.timer = null;
    this.lastShown = performance.now();
    if (this.next) this.node.status({ ...LOOK[this.next.state], text: shortened(this.next.text) });
    this.next = null;
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 3)}...` : text;
}
