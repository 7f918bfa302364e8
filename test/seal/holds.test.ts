import { checkTrail, type TrailSource } from '../../lib/seal';
import { buildStoreWorker } from '../support/store';
import { SealedStores, type SealedStore } from './sealed-store';

const keeper = { by: 'Kim', role: 'admin', reason: 'A court asks.' };
let stores: SealedStores;
let sealed: SealedStore;

beforeAll(() => void (stores = new SealedStores(buildStoreWorker())));
afterAll(() => stores.close());
beforeEach(async () => {
  sealed = await stores.next();
  await sealed.append(3, '1');
});
afterEach(() => sealed.close());

async function hold(scope: object): Promise<string> {
  const made = await sealed.driver.rpc('billing_audit_hold', { ...scope, ...keeper });
  return (made as { readonly hold: { readonly id: string } }).hold.id;
}
const release = (id: string): Promise<unknown> =>
  sealed.driver.rpc('billing_audit_release_hold', { hold_id: id, ...keeper });
const told = async (): Promise<readonly string[]> => (await sealed.check()).findings.map(({ text }) => text);

describe('the check of legal holds', () => {
  it('finds all well with holds in force and released, of a person, a sheet, a time and all', async () => {
    await hold({ person: 'Ana@Example.com' });
    await hold({ sheet_id: '1', from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00+01:00' });
    await release(await hold({}));
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, findings: [] });
  });

  it('names a hold that vanished, one whose scope was altered, and one that nobody set', async () => {
    const [gone, altered] = [await hold({ sheet_id: '1' }), await hold({ person: 'ana@example.com' })];
    await sealed.seal();
    await sealed.tamper(`delete from billing_audit.legal_holds where id = ${gone};
      update billing_audit.legal_holds set person = 'bob@example.com' where id = ${altered};
      insert into billing_audit.legal_holds (sheet_id, reason, set_by, set_at) values ('2', 'No reason', 'nobody', now())`);
    expect(await told()).toEqual([
      `Legal hold ${gone} was set and, as the trail says, never released, and is not in force.`,
      `Legal hold ${altered} holds something else than the trail says that it was set on.`,
      expect.stringMatching(/^Legal hold \d+ is in force, and the trail does not say that it was set\.$/) as string,
    ]);
  });

  it('names a hold that was released by hand, and one whose release was taken back by hand', async () => {
    const [quietly, back] = [await hold({ sheet_id: '1' }), await hold({ sheet_id: '2' })];
    await release(back);
    await sealed.seal();
    await sealed.tamper(`delete from billing_audit.legal_hold_releases;
      insert into billing_audit.legal_hold_releases (hold_id, reason, released_by, released_at)
      values (${quietly}, 'No reason', 'nobody', now())`);
    expect(await told()).toEqual([
      `Legal hold ${quietly} was set and, as the trail says, never released, and is not in force.`,
      `Legal hold ${back} is in force, and the trail says that it was released.`,
    ]);
  });

  it('takes no hold for altered that is set or released while it reads', async () => {
    const before = await hold({ sheet_id: '1' });
    await sealed.seal();
    const { book } = sealed;
    const during: TrailSource = Object.assign(Object.create(book) as typeof book, {
      allEvents: async function* () {
        await release(before);
        await hold({ sheet_id: '2' });
        yield* book.allEvents();
      },
    });
    const report = await checkTrail({ source: during, trusted: sealed.keys.trusted(), anchors: [] });
    expect(report).toMatchObject({ ok: true, findings: [] });
  });
});
