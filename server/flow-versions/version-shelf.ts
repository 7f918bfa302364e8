import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BillingAuditError } from '../../lib/errors';
import type { Now } from '../../lib/ports';

/** A node of a flow, as Node-RED saves it. */
export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** A deployed version, without its nodes. */
export interface KeptVersion {
  readonly id: string;
  readonly savedAt: string;
  /** Null: it was there before anybody deployed, or nobody was asked who they are. */
  readonly savedBy: string | null;
  readonly nodes: number;
}

/** There is no such version any more: only the last twenty are kept. */
export class VersionUnknown extends BillingAuditError {
  readonly code = 'version_unknown';
  readonly hint = 'Load the page again and choose one that is listed.';

  constructor(id: string) {
    super(`There is no kept version "${id.slice(0, 60)}".`, { id });
  }
}

const flowNodes = z.array(z.looseObject({ id: z.string(), type: z.string() }));
const file = z.object({
  saved_at: z.string(),
  saved_by: z.string().nullable(),
  fingerprint: z.string(),
  flows: flowNodes,
});

const MOST_KEPT = 20;
const NAME = /^\d{4}-\d{2}-\d{2}T\d{6}\.\d{3}Z-[0-9a-f]{8}$/;

/** The last deployed versions of the flows, a file for each. Secrets are not in them: Node-RED keeps those elsewhere. */
export class VersionShelf {
  constructor(
    private readonly folder: string,
    private readonly now: Now,
  ) {}

  /**
   * Keeps a version, whole or not at all, and drops what is older than the last twenty. One that equals the newest is
   * not kept again.
   * @returns its id; null when it was there already
   */
  keep(flows: readonly unknown[], savedBy: string | null): string | null {
    const fingerprint = createHash('sha256').update(JSON.stringify(flows)).digest('hex');
    const newest = this.ids()[0];
    if (newest !== undefined && this.read(newest)?.fingerprint === fingerprint) return null;
    const savedAt = new Date(this.now()).toISOString();
    const id = `${savedAt.replaceAll(':', '')}-${fingerprint.slice(0, 8)}`;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = this.pathOf(id);
    const content = { saved_at: savedAt, saved_by: savedBy, fingerprint, flows };
    writeFileSync(`${path}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    for (const old of this.ids().slice(MOST_KEPT)) rmSync(this.pathOf(old), { force: true });
    return id;
  }

  /** The newest first; files that cannot be read are left out. */
  list(): readonly KeptVersion[] {
    return this.ids().flatMap((id) => {
      const read = this.read(id);
      return read ? [{ id, savedAt: read.saved_at, savedBy: read.saved_by, nodes: read.flows.length }] : [];
    });
  }

  /** @throws VersionUnknown */
  flowsOf(id: string): readonly FlowNode[] {
    const read = NAME.test(id) ? this.read(id) : null;
    if (!read) throw new VersionUnknown(id);
    return read.flows;
  }

  private read(id: string): z.infer<typeof file> | null {
    try {
      return file.parse(JSON.parse(readFileSync(this.pathOf(id), 'utf8')));
    } catch {
      return null;
    }
  }

  /** Their names begin with their time. */
  private ids(): readonly string[] {
    try {
      const names = readdirSync(this.folder).map((name) => name.replace(/\.json$/, ''));
      return names
        .filter((name) => NAME.test(name))
        .sort()
        .reverse();
    } catch {
      return [];
    }
  }

  private pathOf(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}
