import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { SealedStores, type SealedStore } from './sealed-store';

const RULES = '{"severityHighAbove":"1000"}';

let stores: SealedStores;
let sealed: SealedStore;
let hash: string;

beforeAll(() => void (stores = new SealedStores(buildStoreWorker())));
afterAll(() => stores.close());
beforeEach(async () => {
  sealed = await stores.next();
  [hash = ''] = await sealed.store.keepInForce([{ kind: 'rules', text: RULES }]);
  await sealed.store.append([
    event('judged:1', { rules_hash: hash }),
    event('judged:2', { rules_hash: hash }),
    event('judged:3', { rules_hash: 'f'.repeat(64) }),
    event('unjudged', { rules_hash: null }),
  ]);
  await sealed.seal();
});
afterEach(() => sealed.close());

describe('the rules that events name by their hash', () => {
  it('are compared with the hash that is sealed; what is not kept is counted', async () => {
    expect(await sealed.check()).toMatchObject({ ok: true, findings: [], textsNotKept: 1 });
  });

  it('are found altered, though every event is as it was', async () => {
    await sealed.tamper(`
      do $$ declare c record; begin
        for c in select conname from pg_constraint where conrelid = 'billing_audit.in_force_texts'::regclass and contype = 'c' loop
          execute format('alter table billing_audit.in_force_texts drop constraint %I', c.conname);
        end loop;
      end $$;
      update billing_audit.in_force_texts set body = replace(body, '1000', '9000')`);
    expect(await sealed.check()).toMatchObject({
      ok: false,
      findings: [
        {
          kind: 'in_force_altered',
          place: { inForce: hash },
          text: `The text of the rules that events name by ${hash} was altered: it has another SHA-256.`,
        },
      ],
    });
  });

  it('are told to be gone, when somebody deleted them', async () => {
    await sealed.tamper('delete from billing_audit.in_force_texts');
    expect(await sealed.check()).toMatchObject({ ok: true, textsNotKept: 2 });
  });
});
