import { secretBox, storeOver, type Callback, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import type { StoreUnderTest, TestedDriver } from '../stores';

const webhook = {
  webhook_id: '1',
  sheet_id: '22',
  callback_url: 'https://x.example.com',
  shared_secret: 's',
  previous_secret: null,
  status: 'ENABLED',
};

/** Each of another kind of bytes: text, text that JSON must escape, what is no text at all, a single byte. */
function bodyOf(number: number): Uint8Array {
  if (number % 4 === 0) return Buffer.from(`{"nonce":"${number}"}`);
  if (number % 4 === 1) return Buffer.from(`"\\ é \u2028 ${number}`);
  return Buffer.from(number % 4 === 2 ? [0, 255, 10, 200, number] : [number]);
}

const callbacks: readonly Callback[] = Array.from({ length: 60 }, (_, number) => ({
  webhook_id: '1',
  nonce: `n${number}`,
  body: bodyOf(number),
}));

/** Callbacks that arrive while others are being committed, over every driver. */
export function callbacksTogetherContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;
  let calls: number;

  beforeAll(() => (driver = under().driver));
  beforeEach(async () => {
    await emptyStore(driver);
    calls = 0;
    const { acceptCallbacks } = driver;
    const counted: TestedDriver = {
      ...driver,
      rpc: (...given) => ((calls += 1), driver.rpc(...given)),
      ...(acceptCallbacks && { acceptCallbacks: (given) => ((calls += 1), acceptCallbacks(given)) }),
    };
    store = storeOver(counted, { secrets: secretBox(new Uint8Array(32)) });
    await store.saveWebhook(webhook);
    calls = 0;
  });

  const kept = async (): Promise<Map<string, Buffer>> => {
    const leased = await store.leaseCallbacks({ limit: 500, leaseSeconds: 60 });
    return new Map(leased.map(({ nonce, body }) => [nonce, Buffer.from(body)]));
  };

  describe('callbacks that arrive together', () => {
    it('are kept byte for byte by one call, and each sender is told of its own', async () => {
      const answers = await Promise.all(callbacks.map((each) => store.acceptCallback(each)));
      expect(answers).toEqual(callbacks.map(() => ({ isNew: true })));
      expect(calls).toBe(1);
      expect(await kept()).toEqual(new Map(callbacks.map(({ nonce, body }) => [nonce, Buffer.from(body)])));
    });

    it('are kept once where they are copies of each other, or of what is here', async () => {
      await store.acceptCallback(callbacks[5]!);
      const [first, second] = [callbacks[3]!, callbacks[4]!];
      const sameContent = { ...first, nonce: 'another' };
      const given = [first, first, callbacks[5]!, sameContent, second];
      const answers = await Promise.all(given.map((each) => store.acceptCallback(each)));
      expect(answers.map(({ isNew }) => isNew)).toEqual([true, false, false, false, true]);
      expect([...(await kept()).keys()].sort()).toEqual(['n3', 'n4', 'n5']);
    });

    it('are all kept but for the one that the store refuses, whose sender alone hears of it', async () => {
      const given = [...callbacks.slice(0, 4), { ...callbacks[4]!, webhook_id: '999' }, ...callbacks.slice(5, 9)];
      const settled = await Promise.allSettled(given.map((each) => store.acceptCallback(each)));
      expect(settled.map(({ status }) => status)).toEqual(given.map((_, at) => (at === 4 ? 'rejected' : 'fulfilled')));
      expect(settled[4]).toMatchObject({ reason: { code: 'store_refused', sqlstate: 'BA002' } });
      expect([...(await kept()).keys()].sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n5', 'n6', 'n7', 'n8']);
    });

    it('may have an oversize one among them, which is known by the hash of all its bytes', async () => {
      const oversize = { ...callbacks[0]!, complete: false, body_sha256: 'ab'.repeat(32) };
      const answers = await Promise.all([oversize, callbacks[1]!].map((each) => store.acceptCallback(each)));
      expect(answers).toEqual([{ isNew: true }, { isNew: true }]);
      const rows = await driver.transaction([
        {
          sql: `select nonce, complete, encode(body_sha256, 'hex') as hash from billing_audit.webhook_events order by id`,
        },
      ]);
      expect(rows[0]).toEqual({ nonce: 'n0', complete: false, hash: 'ab'.repeat(32) });
      expect(rows[1]).toMatchObject({ nonce: 'n1', complete: true });
    });
  });
}
