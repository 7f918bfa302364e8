import { firstFlow, startPipeline, type Pipeline } from './harness';
import type { AuditEvent } from '../../lib/event';
import type { SandboxProcess } from '../support/sandbox';
import { whileItMoves } from '../support/until';

const COLUMNS = [
  'Work Request #',
  { title: 'Weekly Referenced Logged Date', type: 'DATE' },
  'Quantity',
  'Units Total Price',
  'Foreman',
];
const ROWS = 40;
const makeSheet = (sandbox: SandboxProcess): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/sheets', {
    name: 'Billing week',
    columns: COLUMNS,
    rows: Array.from({ length: ROWS }, (_, index) => ({
      'Work Request #': `9000${index}.1`,
      'Weekly Referenced Logged Date': '2026-01-07',
      Quantity: 10,
      'Units Total Price': 1000,
      Foreman: 'ann@example.com',
    })),
  });

/** Edits cells of the one sheet, one save after another. */
class Clerk {
  private constructor(
    private readonly pipeline: Pipeline,
    private readonly rowIds: readonly number[],
  ) {}

  static async in(pipeline: Pipeline): Promise<Clerk> {
    const [sheet] = pipeline.sheets;
    const { body } = await pipeline.sandbox.api<{ rows: { id: number }[] }>('GET', `/sheets/${sheet!.id}`);
    return new Clerk(
      pipeline,
      body.rows.map(({ id }) => id),
    );
  }

  async sets(row: number, column: string, value: number | string, by = 'clerk@example.com'): Promise<void> {
    const [sheet] = this.pipeline.sheets;
    await this.pipeline.sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheet!.id,
      rowId: this.rowIds[row],
      column,
      value,
      by,
    });
  }
}

const facts = ({ column_name, old_value, new_value, changed_by }: AuditEvent): unknown[] => [
  column_name,
  old_value,
  new_value,
  changed_by,
];
const cellChanges = (pipeline: Pipeline): Promise<AuditEvent[]> =>
  pipeline.openTrail(async (store) =>
    (await store.search({ limit: 1000 })).events.filter(({ kind }) => kind === 'cell_changed').reverse(),
  );

describe.each([
  ['the default mount order', {}],
  ['the editor at /admin', { httpAdminRoot: '/admin' }],
])('a changed cell, with %s', (_name, settings) => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await startPipeline({ sandboxFlags: ['--debounce', '0'], prepare: makeSheet, settings });
    await pipeline.watched();
  });
  afterAll(() => pipeline?.stop());

  it('becomes an audited, scored and recorded event, with both values and the person', async () => {
    const clerk = await Clerk.in(pipeline);
    await clerk.sets(3, 'Units Total Price', 4250.5);
    await pipeline.nodeRed().until(async () => (await pipeline.counts()).events === 1, 'the event to be recorded');
    const [event] = await cellChanges(pipeline);
    expect(event).toMatchObject({
      violation_type: 'HISTORICAL_CHANGE',
      severity: 'HIGH',
      work_request: '90003',
      column_name: 'Units Total Price',
      old_value: '1000',
      new_value: '4250.5',
      delta: '3250.5',
      changed_by: 'clerk@example.com',
      week_ending: '2026-01-11',
      is_historical: true,
    });
    expect(event!.reasons.map(({ factor }) => factor)).toEqual(expect.arrayContaining(['locked_week', 'large_change']));
    expect(event!.timestamp).not.toBeNull();
  });
});

describe('a sheet without a public address', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    const quick = firstFlow().map((node) =>
      node.type === 'billing-audit-smartsheet-trigger' ? { ...node, pollSeconds: '5' } : node,
    );
    pipeline = await startPipeline({ sandboxFlags: [], prepare: makeSheet, callbacks: false, flow: quick });
    await pipeline.watched();
  });
  afterAll(() => pipeline?.stop());

  it('is watched by its version, and a cell that changed twice between two looks is told in two steps', async () => {
    const clerk = await Clerk.in(pipeline);
    await clerk.sets(0, 'Quantity', 12, 'ann@example.com');
    await clerk.sets(0, 'Quantity', 15, 'bob@example.com');
    await clerk.sets(1, 'Quantity', 11);
    await pipeline.nodeRed().until(async () => (await pipeline.counts()).events === 3, 'three events', 40_000);
    const changes = (await cellChanges(pipeline)).map(facts);
    expect(changes).toHaveLength(3);
    expect(changes).toEqual(
      expect.arrayContaining([
        ['Quantity', '10', '12', 'ann@example.com'],
        ['Quantity', '12', '15', 'bob@example.com'],
        ['Quantity', '10', '11', 'clerk@example.com'],
      ]),
    );
  });
});

describe('a power cut in the middle', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await startPipeline({ sandboxFlags: ['--debounce', '0', '--no-rate-limits'], prepare: makeSheet });
    await pipeline.watched();
  });
  afterAll(() => pipeline?.stop());

  it('loses no change and doubles none, also of what changed while it was down', async () => {
    const clerk = await Clerk.in(pipeline);
    const edit = async (from: number, to: number): Promise<void> => {
      for (let change = from; change < to; change += 1) await clerk.sets(change % ROWS, 'Quantity', 100 + change);
    };
    await edit(0, 80);
    await pipeline.restart('SIGKILL');
    await edit(80, 120);
    await pipeline.watched();
    await edit(120, 160);
    await whileItMoves(async () => {
      const counts = await pipeline.counts();
      if (counts.events < 160) throw new Error(JSON.stringify(counts));
      return counts;
    }, 'all to be recorded');
    await pipeline.settled();
    const seen = (await cellChanges(pipeline)).map(facts);
    const made = Array.from({ length: 160 }, (_, change) => {
      const before = change < ROWS ? 10 : 100 + change - ROWS;
      return ['Quantity', String(before), String(100 + change), 'clerk@example.com'];
    });
    const inOrder = (all: readonly unknown[][]): string[] => all.map((each) => JSON.stringify(each)).sort();
    expect(inOrder(seen)).toEqual(inOrder(made));
  }, 600_000);
});
