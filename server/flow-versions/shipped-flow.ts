import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { differenceOf, isDifferent, type Difference } from './difference';
import type { FlowNode } from './version-shelf';

/** The shipped flow as the page offers it. */
export interface Offer {
  /** What taking it would do. */
  readonly difference: Difference;
  /** False: nobody knows which flow was placed in this home, so what differs may be the user's own work alone. */
  readonly isNewer: boolean;
}

/**
 * The flow that comes with this version of the program, and which one the user has seen last. It is offered when it is
 * another one; it is put over the user's own only when an admin says so.
 */
export class ShippedFlow {
  private readonly texts: readonly string[];

  /**
   * @param files  the shipped flows
   * @param mark   where the fingerprint of the one seen last is kept
   */
  constructor(
    files: readonly string[],
    private readonly mark: string,
  ) {
    this.texts = files.map((file) => readFileSync(file, 'utf8'));
  }

  flows(): readonly FlowNode[] {
    return this.texts.flatMap((text) => JSON.parse(text) as FlowNode[]);
  }

  /**
   * Whether there may be something new to offer. Of a home without a mark nobody knows which flow was placed in it: what
   * differs from it is offered once.
   */
  isNews(): boolean {
    if (!existsSync(this.mark)) return true;
    return readFileSync(this.mark, 'utf8').trim() !== this.fingerprint();
  }

  /** What to offer to somebody who has these flows; null: nothing that would do something else. */
  offerTo(own: readonly FlowNode[]): Offer | null {
    if (!this.isNews()) return null;
    const difference = differenceOf(own, withShipped(own, this.flows()));
    return isDifferent(difference) ? { difference, isNewer: existsSync(this.mark) } : null;
  }

  /** It was placed in the home, or an admin has answered the offer. */
  seen(): void {
    mkdirSync(dirname(this.mark), { recursive: true });
    writeFileSync(this.mark, `${this.fingerprint()}\n`, { mode: 0o600 });
  }

  private fingerprint(): string {
    return createHash('sha256').update(this.texts.join('\n')).digest('hex');
  }
}

/**
 * The user's flows with the shipped ones instead of those of the same id: the user's other tabs stay, and so do fields
 * of config nodes, which hold what the user has set up.
 */
export function withShipped(own: readonly FlowNode[], shipped: readonly FlowNode[]): readonly FlowNode[] {
  const tabs = new Set(shipped.filter(({ type }) => type === 'tab').map(({ id }) => id));
  const isOnShippedTab = (node: FlowNode): boolean => tabs.has(node.id) || tabs.has(String(node['z'] ?? ''));
  const kept = own.filter((node) => !isOnShippedTab(node));
  const keptIds = new Set(kept.map(({ id }) => id));
  // A Node-RED has one global configuration.
  const isSecond = ({ type }: FlowNode): boolean => type === 'global-config' && kept.some((node) => node.type === type);
  return [...shipped.filter((node) => !keptIds.has(node.id) && !isSecond(node)), ...kept];
}
