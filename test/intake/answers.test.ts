import { createHash } from 'node:crypto';
import type { Callback, Webhook } from '../../lib/store/store';
import { ANSWERS, createIntake } from '../../lib/runtime/webhook-intake';
import { createWebhookBook } from '../../lib/runtime/webhook-book';
import { StoreUnavailable } from '../../lib/store/store-errors';
import { challenge, genuine, hook, long, sign, signAll, TABLE, type Case } from './answer-table';
import { recordingLog } from './support';

async function* inChunks(chunks: readonly Buffer[], breaksOff: boolean): AsyncIterable<Uint8Array> {
  yield* chunks;
  if (breaksOff) throw new Error('aborted');
}

/** An intake as one line of the table wants it. */
function intakeFor({ storeIsDown = false, booksAreShut = false, secretAgain, at }: Case) {
  const log = recordingLog();
  const accepted: Callback[] = [];
  const fail = (): never => {
    throw new StoreUnavailable('the disk is full');
  };
  let known = hook;
  const store = {
    webhooks: async () => (booksAreShut ? fail() : [known]),
    saveWebhook: async (webhook: Webhook) => void (known = webhook),
    forgetWebhook: async () => undefined,
    acceptCallback: async (callback: Callback) => (storeIsDown ? fail() : { isNew: accepted.push(callback) > 0 }),
  };
  const now = (): number => Date.parse(at ?? '1970-01-01T00:00:00.000Z');
  const book = createWebhookBook(store, now);
  let rings = 0;
  const ask = async (): Promise<void> => {
    if (secretAgain === 'fails') throw new Error('Smartsheet is not there.');
    if (secretAgain === 'tells the one in use') await book.save({ ...hook, shared_secret: 'by hand' });
  };
  const intake = createIntake({
    store,
    book,
    now,
    log,
    onStored: () => (rings += 1),
    ...(secretAgain && { secretAgain: ask }),
  });
  return { intake, log, accepted, rings: () => rings };
}

describe('what /webhook answers', () => {
  it.each(TABLE)('to $name: $status', async (one) => {
    const { headers = {}, body, status, stored = 0, said, breaksOff = false } = one;
    const { intake, log, accepted, rings } = intakeFor(one);
    const given = typeof body === 'string' ? Buffer.from(body) : body && inChunks(body, breaksOff);
    const answer = await intake.answer({ headers, body: given });
    expect(answer.status).toBe(status);
    expect([accepted.length, rings()]).toEqual([stored, stored]);
    if (said !== undefined) expect(log.lines.join('\n')).toContain(said);
    if (status === 200 && stored === 0) {
      expect(answer.headers['smartsheet-hook-response']).toBe(challenge);
      expect(JSON.parse(answer.body)).toEqual({ smartsheetHookResponse: challenge });
    }
  });

  it('keeps of a long one its hash and its beginning, and of each which secret matched', async () => {
    const { intake, accepted } = intakeFor({ name: '', body: null, status: 200 });
    const headers = { 'smartsheet-hmac-sha256': signAll(long, 'older') };
    await intake.answer({ headers, body: inChunks(long, false) });
    await intake.answer({ headers: { 'smartsheet-hmac-sha256': sign(genuine) }, body: Buffer.from(genuine) });
    const hash = createHash('sha256').update(Buffer.concat(long)).digest('hex');
    expect(accepted).toMatchObject([
      { complete: false, body_sha256: hash, matched_secret: 'previous', sheet_id: '22' },
      { matched_secret: 'current', nonce: 'n-1' },
    ]);
    expect(
      Buffer.concat(long)
        .subarray(0, 65_536)
        .equals(accepted[0]?.body ?? Buffer.alloc(0)),
    ).toBe(true);
  });

  it('asks for a secret again at most once a minute, however many callbacks do not match', async () => {
    let now = 0;
    let asked = 0;
    const store = {
      webhooks: async () => [hook],
      saveWebhook: async () => undefined,
      forgetWebhook: async () => undefined,
      acceptCallback: async () => ({ isNew: true }),
    };
    const secretAgain = async (): Promise<void> => void (asked += 1);
    const book = createWebhookBook(store, () => now);
    const log = recordingLog();
    const intake = createIntake({ store, book, now: () => now, log, onStored: () => undefined, secretAgain });
    const forged = { headers: { 'smartsheet-hmac-sha256': sign(genuine, 'guess') }, body: Buffer.from(genuine) };
    await Promise.all(Array.from({ length: 50 }, () => intake.answer(forged)));
    expect(asked).toBe(1);
    now = 60_000;
    await intake.answer(forged);
    expect(asked).toBe(2);
  });

  it('echoes no flood of challenges for one webhook, and still that of another', async () => {
    const { intake } = intakeFor({ name: '', body: null, status: 200 });
    const ask = async (webhookId: number): Promise<number> => {
      const headers = { 'smartsheet-hook-challenge': challenge };
      return (await intake.answer({ headers, body: Buffer.from(JSON.stringify({ challenge, webhookId })) })).status;
    };
    const statuses = new Set<number>();
    for (let count = 0; count < 200; count += 1) statuses.add(await ask(666));
    expect([...statuses]).toEqual([200, 503]);
    expect(await ask(11)).toBe(200);
    expect(intake.refusals()).toEqual({ too_many_challenges: 80 });
  });

  it('is never a status for which Smartsheet gives a webhook up at once', () => {
    const statuses = new Set(Object.values(ANSWERS).map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 401, 503]);
  });

  it('says a refusal once a minute and counts them all', async () => {
    let now = 0;
    const log = recordingLog();
    const store = {
      webhooks: async () => [hook],
      saveWebhook: async () => undefined,
      forgetWebhook: async () => undefined,
      acceptCallback: async () => ({ isNew: true }),
    };
    const intake = createIntake({
      store,
      book: createWebhookBook(store, () => now),
      now: () => now,
      log,
      onStored: () => undefined,
    });
    for (let index = 0; index < 50; index += 1) await intake.answer({ headers: {}, body: Buffer.from(genuine) });
    expect(log.lines).toHaveLength(1);
    now = 60_000;
    await intake.answer({ headers: {}, body: Buffer.from(genuine) });
    expect(log.lines).toHaveLength(2);
    expect(intake.refusals()).toEqual({ missing: 51 });
  });
});
