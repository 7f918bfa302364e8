import { z } from 'zod';
import { OtherTrail, writeOcsf, type OcsfCursor } from '../../server/export';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { SealedStores, type SealedStore } from './sealed-store';

/**
 * What OCSF 1.3.0 requires of Entity Management (3004), of `metadata`, `product`, `managed_entity`, `user` and `actor`: the
 * attributes marked as required in its schema, the "at least one" constraints, and the values that its enums allow.
 */
const atLeastOne =
  (...names: readonly string[]) =>
  (value: Record<string, unknown>): boolean =>
    names.some((name) => value[name] !== undefined);
const entity = z.looseObject({ type: z.string() }).refine(atLeastOne('name', 'uid'));
const entityManagement = z
  .strictObject({
    activity_id: z.literal([0, 1, 2, 3, 4, 99]),
    activity_name: z.string(),
    category_uid: z.literal(3),
    category_name: z.string(),
    class_uid: z.literal(3004),
    class_name: z.literal('Entity Management'),
    type_uid: z.number().int(),
    type_name: z.string(),
    severity_id: z.literal([0, 1, 2, 3, 4, 5, 6, 99]),
    severity: z.string(),
    status_id: z.literal([0, 1, 2, 99]),
    status: z.string(),
    time: z.number().int(),
    message: z.string().optional(),
    comment: z.string().optional(),
    metadata: z.looseObject({
      version: z.literal('1.3.0'),
      product: z.looseObject({ vendor_name: z.string().min(1) }).refine(atLeastOne('name', 'uid')),
      uid: z.string().min(1),
      sequence: z.number().int(),
      logged_time: z.number().int(),
    }),
    actor: z
      .looseObject({
        user: z
          .looseObject({})
          .refine(atLeastOne('account', 'domain', 'name', 'uid'))
          .optional(),
      })
      .refine(atLeastOne('process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'))
      .optional(),
    src_endpoint: z.looseObject({ ip: z.union([z.ipv4(), z.ipv6()]) }).optional(),
    entity,
    entity_result: entity,
    unmapped: z.record(z.string(), z.unknown()),
  })
  .refine(({ type_uid, class_uid, activity_id }) => type_uid === class_uid * 100 + activity_id);
type Line = z.infer<typeof entityManagement>;

let stores: SealedStores;
let sealed: SealedStore;

beforeAll(() => void (stores = new SealedStores(buildStoreWorker())));
afterAll(() => stores.close());
beforeEach(async () => void (sealed = await stores.next()));
afterEach(() => sealed.close());

/** One run; `failAfter` pages it breaks off, as a full disk would. */
async function run(
  cursor: OcsfCursor | null,
  failAfter = Infinity,
): Promise<{ lines: Line[]; reached: OcsfCursor | null }> {
  const lines: Line[] = [];
  let reached = cursor;
  let pages = 0;
  const done = writeOcsf({
    book: sealed.book,
    cursor,
    version: '1.0.0',
    write: async (text) => {
      if ((pages += 1) > failAfter) throw new Error('The disk is full.');
      lines.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => entityManagement.parse(JSON.parse(line))),
      );
    },
    keep: async (now) => void (reached = now),
  });
  if (failAfter === Infinity) expect(await done).toBe(lines.length);
  else await expect(done).rejects.toThrow('full');
  return { lines, reached };
}

const uids = (lines: readonly Line[]): string[] => lines.map(({ metadata }) => metadata.uid);

describe('the export for a SIEM', () => {
  it('maps every kind of event to what OCSF requires, and loses nothing', async () => {
    await sealed.store.append([
      event('a', { ip_address: '192.0.2.7', session_id: 's1', severity: 'HIGH', delta: '-12345678901234567890.10' }),
      event('b', { kind: 'row_added', column_name: null, changed_by: null, changed_by_kind: 'automation' }),
      event('c', { kind: 'row_deleted', severity: 'MEDIUM', risk_score: null }),
      event('d', { kind: 'coverage', row_id: null, column_name: null, changed_by: null, changed_by_kind: 'system' }),
      event('e', { changed_by: null, changed_by_kind: 'unknown' }),
    ]);
    await sealed.seal();
    const { lines } = await run(null);
    expect(lines.map(({ activity_id, severity_id }) => [activity_id, severity_id])).toEqual([
      [3, 4],
      [1, 2],
      [4, 3],
      [99, 2],
      [3, 2],
    ]);
    const [first, second, , fourth, fifth] = lines;
    expect(first).toMatchObject({
      time: Date.parse('2026-01-05T09:00:00.000Z'),
      actor: { user: { uid: 'clerk@example.com', email_addr: 'clerk@example.com' }, session: { uid: 's1' } },
      src_endpoint: { ip: '192.0.2.7' },
      entity: { type: 'cell', data: { value: '10' } },
      entity_result: { data: { value: '12' } },
      unmapped: { delta: '-12345678901234567890.10', work_request: '1234', proof: { leaf_index: 0 }, erased: false },
    });
    expect(second).toMatchObject({ actor: { app_name: 'Smartsheet automation' }, entity: { type: 'row' } });
    expect(fourth).toMatchObject({ entity: { type: 'sheet' } });
    // Unknown stays unknown.
    expect(fifth).not.toHaveProperty('actor');
    expect(fifth).not.toHaveProperty('src_endpoint');
  });

  it('goes on where it was, chain by chain, and misses nothing that was recorded meanwhile', async () => {
    await sealed.append(3, '1');
    await sealed.append(2, '2');
    const first = await run(null);
    await sealed.append(2, '1');
    await sealed.append(1, '3');
    const second = await run(first.reached);
    expect([first.lines.length, second.lines.length]).toEqual([5, 3]);
    expect(new Set(uids([...first.lines, ...second.lines])).size).toBe(8);
    expect((await run(second.reached)).lines).toEqual([]);
  });

  it('goes on after it was broken off, without a gap', async () => {
    await sealed.append(3, '1');
    await sealed.append(3, '2');
    const broken = await run(null, 1);
    const rest = await run(broken.reached);
    expect(uids([...broken.lines, ...rest.lines]).sort()).toEqual(uids((await run(null)).lines).sort());
    expect([broken.lines.length, rest.lines.length]).toEqual([3, 3]);
  });

  it('refuses the cursor of another trail, and says what to do', async () => {
    await sealed.append(1);
    const cursor: OcsfCursor = { form: 1, origin: 'billing-audit/log/other', streams: {} };
    await expect(run(cursor)).rejects.toThrow(OtherTrail);
  });
});
