import type { WebhookRequest } from '../../lib/runtime/runtime';
import { createWebhookBook } from '../../lib/runtime/webhook-book';
import { createIntake, type Intake } from '../../lib/runtime/webhook-intake';
import type { Callback } from '../../lib/store/store';
import { FORGERIES } from './corpus/forgeries';
import { genuineCallbacks, HOOKS, PRESENT, type Genuine } from './corpus/genuine';
import { randomFrom, recordingLog } from './support';

const GENUINE = 100_000;
const OF_EACH_CLASS = 250;
const SEED = 20261126;

type Answering = Pick<Intake, 'answer'>;
interface Door {
  readonly intake: Answering;
  readonly accepted: Callback[];
}

/** The intake as it is, over a store that keeps all it is given. */
function realDoor(): Door {
  const accepted: Callback[] = [];
  const store = {
    webhooks: async () => HOOKS,
    saveWebhook: async () => undefined,
    forgetWebhook: async () => undefined,
    acceptCallback: async (callback: Callback) => ({ isNew: accepted.push(callback) > 0 }),
  };
  const now = (): number => PRESENT;
  const book = createWebhookBook(store, now);
  return { accepted, intake: createIntake({ store, book, now, log: recordingLog(), onStored: () => undefined }) };
}

/** The same with a bug in front of it. */
function brokenDoor(bug: (request: WebhookRequest) => 'accepts' | 'refuses' | null): Door {
  const { intake, accepted } = realDoor();
  const answer = async (request: WebhookRequest): Promise<Awaited<ReturnType<Intake['answer']>>> => {
    const fault = bug(request);
    if (fault === null) return intake.answer(request);
    if (fault === 'accepts') accepted.push({ webhook_id: '', nonce: '', body: Buffer.alloc(0) });
    return { status: fault === 'accepts' ? 200 : 401, headers: {}, body: '' };
  };
  return { accepted, intake: { answer } };
}

interface Findings {
  readonly sent: number;
  /** Forgeries that were accepted, or not answered 401, by their class. */
  readonly wrong: readonly string[];
}

async function sendForgeries({ intake, accepted }: Door): Promise<Findings> {
  const random = randomFrom(SEED);
  const wrong: string[] = [];
  let sent = 0;
  for (const [name, forge] of Object.entries(FORGERIES)) {
    const models = genuineCallbacks(OF_EACH_CLASS + 1, SEED + sent);
    let other = models.next().value as Genuine;
    for (const genuine of models) {
      const before = accepted.length;
      const { status } = await intake.answer(forge(genuine, random, other));
      if (status !== 401 || accepted.length !== before) wrong.push(`${name}: ${status}`);
      other = genuine;
      sent += 1;
    }
  }
  return { sent, wrong };
}

interface Delivery {
  readonly sent: number;
  readonly withoutZeros: number;
  readonly refused: number;
  readonly altered: number;
}

async function sendGenuine({ intake, accepted }: Door, count: number): Promise<Delivery> {
  let refused = 0;
  let withoutZeros = 0;
  let altered = 0;
  for (const { request, mac, body, nonce, secret, hook } of genuineCallbacks(count, SEED)) {
    if (mac.startsWith('0')) withoutZeros += 1;
    const { status } = await intake.answer(request);
    const stored = accepted.pop();
    const matched = secret === hook.shared_secret ? 'current' : 'previous';
    if (status !== 200) refused += 1;
    else if (stored?.nonce !== nonce || !body.equals(stored.body) || stored.matched_secret !== matched) altered += 1;
  }
  return { sent: count, withoutZeros, refused, altered };
}

describe('the intake', () => {
  it('accepts none of very many forgeries', async () => {
    const { sent, wrong } = await sendForgeries(realDoor());
    process.stdout.write(`forgeries: ${sent} in ${Object.keys(FORGERIES).length} classes, ${wrong.length} accepted\n`);
    expect([...new Set(wrong)]).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(10_000);
    expect(Object.keys(FORGERIES).length).toBeGreaterThanOrEqual(25);
  });

  it('refuses none of very many genuine callbacks, however they are spelled, and keeps their bytes', async () => {
    const { sent, withoutZeros, refused, altered } = await sendGenuine(realDoor(), GENUINE);
    process.stdout.write(`genuine: ${sent}, ${withoutZeros} with leading zeros left out, ${refused} refused\n`);
    expect({ sent, refused, altered }).toEqual({ sent: GENUINE, refused: 0, altered: 0 });
    expect(withoutZeros).toBeGreaterThanOrEqual(6000);
  }, 180_000);
});

describe('the corpus', () => {
  it('finds an intake that accepts what comes without a signature', async () => {
    const broken = brokenDoor(({ headers }) => (headers['smartsheet-hmac-sha256'] === undefined ? 'accepts' : null));
    const { wrong } = await sendForgeries(broken);
    expect(new Set(wrong)).toContain('no signature: 200');
  });

  it('finds one that looks only at the beginning of a signature that was given twice', async () => {
    const broken = brokenDoor(({ headers }) => (Array.isArray(headers['smartsheet-hmac-sha256']) ? 'accepts' : null));
    expect(new Set((await sendForgeries(broken)).wrong)).toContain('a header twice: 200');
  });

  it('finds one that refuses signatures without their leading zeros', async () => {
    const isShort = (header: unknown): boolean => typeof header === 'string' && header.trim().length < 64;
    const broken = brokenDoor(({ headers }) => (isShort(headers['smartsheet-hmac-sha256']) ? 'refuses' : null));
    const { refused, withoutZeros } = await sendGenuine(broken, 2000);
    expect(refused).toBe(withoutZeros);
    expect(refused).toBeGreaterThan(0);
  });
});
