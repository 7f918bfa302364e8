import { Client } from 'pg';
import {
  Frontier,
  leafHash,
  readCheckpoint,
  SealBook,
  writeCheckpoint,
  type Signer,
  type StoredCheckpoint,
} from '../../lib/seal';
import type { StoreDriver } from '../../lib/store';
import { GUARDS_OFF, type SealedStore } from '../seal/sealed-store';

/**
 * A superuser in a real PostgreSQL, who has taken the guards off. Whatever they do, and whatever is looked at meanwhile, is in one
 * transaction that is taken back: so one store is attacked a thousand times, each time as it was.
 */
export class Superuser {
  private constructor(private readonly client: Client) {}

  static async of({ url }: Pick<SealedStore & { readonly url: string }, 'url'>): Promise<Superuser> {
    const client = new Client({ connectionString: url.replace(/user=[^&]*/, 'user=super') });
    await client.connect();
    // Once, and not for each attack: DDL is slow, and a session as a replica is stopped by the guards too.
    await client.query(GUARDS_OFF);
    return new Superuser(client);
  }

  /** What the store says to a check from within the transaction. */
  book(): SealBook {
    const rpc: StoreDriver['rpc'] = async (name, p) => {
      const [row] = await this.rows(`select public.${name}($1::jsonb) as answer`, [JSON.stringify(p)]);
      return row?.['answer'];
    };
    return new SealBook({ rpc });
  }

  async undone<Seen>(act: () => Promise<Seen>): Promise<Seen> {
    await this.client.query('begin');
    try {
      return await act();
    } finally {
      await this.client.query('rollback');
    }
  }

  async rows(sql: string, given: unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.client.query<Record<string, unknown>>(sql, given)).rows;
  }

  async run(sql: string): Promise<void> {
    await this.client.query(sql);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** The edge of the tree as its leaves are now; with a key, every head of it is signed anew. */
  async fitTree(signer: Signer | null): Promise<void> {
    const leaves = await this.rows('select hash from billing_audit.tree_leaves order by leaf_index');
    const edges = [Frontier.empty()];
    const edge = Frontier.empty();
    for (const { hash } of leaves) {
      edge.append(leafHash(hash as Buffer));
      edges.push(Frontier.of(edge.size, edge.hashes()));
    }
    await this.rows('update billing_audit.tree_state set size = $1, frontier = $2', [
      edge.size,
      Buffer.concat(edge.hashes()),
    ]);
    if (signer === null) return;
    const stored = await this.rows('select id, note from billing_audit.checkpoints order by id');
    for (const { id, note } of stored as unknown as Pick<StoredCheckpoint, 'id' | 'note'>[]) {
      const { origin, size, sealedAt } = readCheckpoint(note);
      const root = edges[size]?.root();
      if (root === undefined) throw new Error(`A head of ${size} leaves was left over.`);
      const anew = writeCheckpoint({ origin, size, root, sealedAt, nextKey: null }, [signer]);
      await this.rows('update billing_audit.checkpoints set root = $1, note = $2 where id = $3', [root, anew, id]);
    }
    await this.signEnd(edge, stored.at(-1)?.['note'] as string | undefined, signer);
  }

  /** A tree that ends between two heads gets one of its own. */
  private async signEnd(edge: Frontier, before: string | undefined, signer: Signer): Promise<void> {
    const last = before === undefined ? null : readCheckpoint(before);
    if (edge.size === 0 || last?.size === edge.size) return;
    const [state] = await this.rows('select origin from billing_audit.tree_state');
    const sealedAt = last?.sealedAt ?? new Date(0).toISOString();
    const head = { origin: String(state?.['origin']), size: edge.size, root: edge.root(), sealedAt, nextKey: null };
    await this.rows(
      'insert into billing_audit.checkpoints (tree_size, root, note, sealed_at) values ($1, $2, $3, $4)',
      [edge.size, head.root, writeCheckpoint(head, [signer]), sealedAt],
    );
  }
}
