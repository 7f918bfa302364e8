import { z } from 'zod';
import { StoreRefused } from '../store/store-errors';
import type { StoreDriver } from '../store/store';

/** What the store says about the seal, in our words; every answer is checked, since what is checked may be tampered with. */
export class SealBook {
  constructor(private readonly driver: Pick<StoreDriver, 'rpc'>) {}

  async state(): Promise<SealState> {
    return stateSchema.parse(await this.driver.rpc('billing_audit_seal_state', {}));
  }

  /** What comes next into the tree, in order. */
  async next(limit: number): Promise<readonly NextEvent[]> {
    return nextSchema.parse(await this.driver.rpc('billing_audit_seal_next', { limit })).events;
  }

  /** @throws StoreRefused  BA011 another has sealed; BA012 the events are not those that are stored next */
  async commit(sealed: SealedBatch): Promise<void> {
    await this.driver.rpc('billing_audit_seal_commit', sealed);
  }

  async anchored(mark: { anchor: string; at: string; tree_size?: number; why?: string }): Promise<void> {
    await this.driver.rpc('billing_audit_seal_anchored', mark);
  }

  async heads(): Promise<StoredHeads> {
    return headsSchema.parse(await this.driver.rpc('billing_audit_seal_heads', {}));
  }

  /** Where each chain ends, and nothing else: costs no walk over the trail. */
  async ends(): Promise<StoredHeads['streams']> {
    return endsSchema.parse(await this.driver.rpc('billing_audit_seal_ends', {})).streams;
  }

  /** The months that left the database, the oldest first. A store of a version before archives has none. */
  async archives(): Promise<readonly StoredArchive[]> {
    try {
      return archivesSchema.parse(await this.driver.rpc('billing_audit_archives', {})).archives;
    } catch (thrown) {
      // 42883: there is no such function.
      if (thrown instanceof StoreRefused && thrown.sqlstate === '42883') return [];
      throw thrown;
    }
  }

  /** Events of a chain after a number, at most a thousand. */
  async eventsAfter(stream: string, seq: number): Promise<readonly StoredEvent[]> {
    const p = { stream, limit: PAGE, after: { stream, seq } };
    return eventsSchema.parse(await this.driver.rpc('billing_audit_seal_events', p)).events;
  }

  /** Leaves from an index on, at most `limit`. */
  async leaves(from: number, limit: number): Promise<readonly StoredLeaf[]> {
    return leavesSchema.parse(await this.driver.rpc('billing_audit_seal_leaves', { from, limit })).leaves;
  }

  async *allLeaves(): AsyncGenerator<readonly StoredLeaf[]> {
    for (let from = 0; ;) {
      const leaves = await this.leaves(from, PAGE_OF_LEAVES);
      const last = leaves.at(-1);
      if (last === undefined) return;
      yield leaves;
      from = last.leaf_index + 1;
    }
  }

  async *allCheckpoints(after = 0): AsyncGenerator<readonly StoredCheckpoint[]> {
    for (let id = after; ;) {
      const answer = await this.driver.rpc('billing_audit_seal_checkpoints', { after: id, limit: PAGE });
      const { checkpoints } = checkpointsSchema.parse(answer);
      const last = checkpoints.at(-1);
      if (last === undefined) return;
      yield checkpoints;
      id = last.id;
    }
  }

  /** The stored notes of trees of these sizes. */
  async notesOf(sizes: readonly number[]): Promise<ReadonlySet<string>> {
    if (sizes.length === 0) return new Set();
    const answer = await this.driver.rpc('billing_audit_seal_checkpoints', { sizes, limit: PAGE });
    return new Set(checkpointsSchema.parse(answer).checkpoints.map(({ note }) => note));
  }

  /** Every event as it is stored, chain by chain; or those of one chain that follow a number. */
  async *allEvents(stream?: string, from = 0): AsyncGenerator<readonly StoredEvent[]> {
    let after: { stream: string; seq: number } | undefined = stream === undefined ? undefined : { stream, seq: from };
    for (;;) {
      const p = { limit: PAGE, ...(stream !== undefined && { stream }), ...(after && { after }) };
      const { events } = eventsSchema.parse(await this.driver.rpc('billing_audit_seal_events', p));
      const last = events.at(-1);
      if (last === undefined) return;
      yield events;
      after = { stream: last.stream, seq: last.seq };
    }
  }

  /** The legal holds in force. */
  async holds(): Promise<readonly StoredHold[]> {
    return holdsSchema.parse(await this.driver.rpc('billing_audit_holds', {})).holds;
  }

  /** The texts of rules, models and flows by their hashes; what is not kept is left out. */
  async inForce(hashes: readonly string[]): Promise<readonly KeptText[]> {
    return textsSchema.parse(await this.driver.rpc('billing_audit_in_force', { hashes })).texts;
  }
}

const PAGE = 1000;
const PAGE_OF_LEAVES = 10_000;

const hex = z.string().regex(/^[0-9a-f]*$/);
const anchorMark = z.object({
  anchor: z.string(),
  tree_size: z.number().nullable(),
  anchored_at: z.string().nullable(),
  tried_at: z.string(),
  why: z.string().nullable(),
});
const stateSchema = z.object({
  origin: z.string(),
  size: z.number(),
  frontier: hex,
  unsealed: z.number(),
  oldest_unsealed_at: z.string().nullable(),
  checkpoint: z.object({ id: z.number(), tree_size: z.number(), note: z.string(), sealed_at: z.string() }).nullable(),
  anchors: z.array(anchorMark),
});
const nextSchema = z.object({
  events: z.array(
    z.object({
      stream: z.string(),
      seq: z.number(),
      sealed_hash: hex.nullable(),
      previous_hash: hex,
      preimage: z.string(),
      hash: hex,
    }),
  ),
});
const leafSchema = z.object({ leaf_index: z.number(), stream: z.string(), seq: z.number(), hash: hex });
const leavesSchema = z.object({ leaves: z.array(leafSchema) });
const checkpointSchema = z.object({
  id: z.number(),
  tree_size: z.number(),
  root: hex,
  note: z.string(),
  sealed_at: z.string(),
});
const checkpointsSchema = z.object({ checkpoints: z.array(checkpointSchema) });
const eventSchema = z.object({
  stream: z.string(),
  seq: z.number(),
  event_key: z.string(),
  recorded_at: z.string(),
  sheet_id: z.string(),
  previous_hash: hex,
  preimage: z.string(),
  columns: z.string().nullable(),
  hash: hex,
  commitment: hex,
  salt: hex.nullable(),
  payload: z.string().nullable(),
  payload_fits: z.boolean().nullable(),
  key_fits: z.boolean(),
  leaf_index: z.number().nullable(),
  leaf_hash: hex.nullable(),
  /** The erasure that took the payload away. */
  erasure: z.string().nullable().default(null),
});
const eventsSchema = z.object({ events: z.array(eventSchema) });
const endsSchema = z.object({ streams: z.array(z.object({ stream: z.string(), seq: z.number(), head: hex })) });
const spanSchema = z.object({ stream: z.string(), first_seq: z.number(), last_seq: z.number(), last_hash: hex });
const archivesSchema = z.object({
  archives: z.array(
    z.object({
      id: z.string(),
      month: z.string(),
      file: z.string(),
      sha256: hex,
      events: z.number(),
      reason: z.string(),
      archived_by: z.string(),
      archived_at: z.string(),
      spans: z.array(spanSchema),
      /** How many of its events each erasure had taken the payload of. */
      erased: z.record(z.string(), z.number()),
    }),
  ),
});
const textsSchema = z.object({ texts: z.array(z.object({ hash: hex, kind: z.string(), text: z.string() })) });
const holdsSchema = z.object({
  holds: z.array(
    z.object({
      id: z.string(),
      person: z.string().nullable(),
      sheet_id: z.string().nullable(),
      /** Of the change; null = without end. */
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
});
const headsSchema = endsSchema.extend({ strays: z.array(z.string()) });

export type SealState = z.infer<typeof stateSchema>;
export type AnchorMark = z.infer<typeof anchorMark>;
export type NextEvent = z.infer<typeof nextSchema>['events'][number];
export type StoredLeaf = z.infer<typeof leafSchema>;
export type StoredCheckpoint = z.infer<typeof checkpointSchema>;
export type StoredEvent = z.infer<typeof eventSchema>;
export type ArchivedSpan = z.infer<typeof spanSchema>;
export type StoredArchive = z.infer<typeof archivesSchema>['archives'][number];
export type KeptText = z.infer<typeof textsSchema>['texts'][number];
export type StoredHold = z.infer<typeof holdsSchema>['holds'][number];
export type StoredHeads = z.infer<typeof headsSchema>;

/** What was sealed: hashes in hex. */
export interface SealedBatch {
  readonly from_size: number;
  readonly entries: readonly { readonly stream: string; readonly seq: number; readonly hash: string }[];
  readonly frontier: string;
  readonly root: string;
  readonly note: string;
  readonly sealed_at: string;
}
