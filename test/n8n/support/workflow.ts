import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { until } from '../../support/until';
import type { N8n } from './n8n';

const ROOT = resolve(__dirname, '../../..');
const FINISHED = ['success', 'error', 'crashed', 'canceled'];

export interface WorkflowNode {
  readonly name: string;
  readonly type: string;
  readonly parameters: Record<string, unknown>;
  readonly [other: string]: unknown;
}

export interface WorkflowFile {
  readonly name: string;
  readonly nodes: readonly WorkflowNode[];
  readonly connections: Record<string, unknown>;
  readonly settings?: Record<string, unknown>;
  readonly pinData?: Record<string, unknown>;
}

interface Saved extends WorkflowFile {
  readonly id: string;
  readonly versionId: string;
}

export interface Item {
  readonly json: Record<string, unknown>;
  readonly pairedItem?: unknown;
}

export interface Execution {
  readonly status: string;
  /** What a node gave, by output. */
  outputs(node: string): readonly (readonly Item[])[];
  readonly error: { readonly message: string; readonly description?: string } | null;
}

/** A workflow that the installed package brings along. */
export function shippedWorkflow({ installed }: N8n, file: string): WorkflowFile {
  return JSON.parse(readFileSync(join(installed, 'workflows', file), 'utf8')) as WorkflowFile;
}

/** A workflow inside n8n, handled as its editor does. */
export class Workflow {
  private constructor(
    private readonly n8n: N8n,
    private saved: Saved,
  ) {}

  static async imported(n8n: N8n, file: WorkflowFile): Promise<Workflow> {
    return new Workflow(n8n, await n8n.ask<Saved>('POST', '/rest/workflows', file));
  }

  get id(): string {
    return this.saved.id;
  }

  get nodes(): readonly WorkflowNode[] {
    return this.saved.nodes;
  }

  /** Saves the draft with other values in the forms of some nodes. */
  async fillIn(values: Readonly<Record<string, Record<string, unknown>>>): Promise<void> {
    const nodes = this.saved.nodes.map((node) => ({
      ...node,
      parameters: { ...node.parameters, ...values[node.name] },
    }));
    const { name, connections, settings, versionId } = this.saved;
    const draft = { name, nodes, connections, settings, versionId };
    this.saved = await this.n8n.ask<Saved>('PATCH', `/rest/workflows/${this.id}`, draft);
  }

  /** n8n answers at once and activates in the background. */
  async publish(): Promise<void> {
    const { versionId } = this.saved;
    await this.n8n.ask('POST', `/rest/workflows/${this.id}/activate`, { versionId });
  }

  async unpublish(): Promise<void> {
    await this.n8n.ask('POST', `/rest/workflows/${this.id}/deactivate`);
  }

  /** Runs it by hand up to a node, and waits for the end. */
  async run(from: string, upTo: string): Promise<Execution> {
    const { executionId } = await this.n8n.ask<{ executionId: string }>('POST', `/rest/workflows/${this.id}/run`, {
      workflowData: this.saved,
      triggerToStartFrom: { name: from },
      destinationNode: { nodeName: upTo, mode: 'inclusive' },
    });
    return until(() => execution(this.n8n, executionId), `execution ${executionId}`, 60_000);
  }
}

interface RunData {
  readonly resultData: {
    readonly error?: { readonly message: string; readonly description?: string };
    readonly runData: Record<string, { readonly data?: { readonly main: (Item[] | null)[] } }[]>;
  };
}

async function execution(n8n: N8n, id: string): Promise<Execution | null> {
  const { status, data } = await n8n.ask<{ status: string; data: string }>('GET', `/rest/executions/${id}`);
  if (!FINISHED.includes(status)) return null;
  const load = createRequire(resolve(ROOT, 'test/n8n/host/package.json'));
  const { parse } = load('flatted') as { parse: (text: string) => RunData };
  const { resultData } = parse(data);
  return {
    status,
    error: resultData.error ?? null,
    outputs: (node) =>
      (resultData.runData[node] ?? []).flatMap((run) => run.data?.main ?? []).map((items) => items ?? []),
  };
}

/** n8n polls at most once a minute for each poll time; so many poll times make it soon. */
export const POLLED_SOON = {
  item: Array.from({ length: 12 }, (_, place) => ({ mode: 'custom', cronExpression: `${place * 5} * * * * *` })),
};

/** The value of a sheets field, as the editor saves it when ids are entered. */
export function chosen(...sheets: readonly { readonly id: string }[]): { sheets: unknown } {
  return { sheets: { sheet: sheets.map(({ id }) => ({ id: { __rl: true, mode: 'id', value: id } })) } };
}
