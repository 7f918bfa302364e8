import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openPublicRoutes } from '../../../hosts/node-red/web/public-routes';
import type { AuditEvent, Change } from '../../../lib/event';
import type { Log } from '../../../lib/ports';
import { thisMachine } from '../../../lib/runtime/machine';
import { openRuntime, type OpenStore } from '../../../lib/runtime/open-runtime';
import type { Runtime } from '../../../lib/runtime/runtime';
import { defaultSettings } from '../../../lib/settings';
import { openEmbeddedStore, openPostgresStore, openSecretBox, storeOver, type StoreDriver } from '../../../lib/store';
import { journalFilesIn } from '../../../lib/store/embedded/journal-files';
import { event } from '../../store/examples';
import type { AuditorOrder, Question, Saying } from '../order';
import { deathAt, type Passing } from '../points';
import { forgetfulDisk, passOnTheWire, storeWithPoints } from './seams';

/** Short waits, so that what a dead process had leased is soon taken up. */
const TIMING = {
  idleSeconds: 0.2,
  callbackLeaseSeconds: 20,
  changeLeaseSeconds: 5,
  deletionGraceSeconds: 1,
  firstRetrySeconds: 0.05,
};

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text) => void process.stderr.write(`${text}\n`) };

/**
 * The product from the web server's door to the trail as a process of its own: public route, Runtime, watches of sheets,
 * sealing, store. What it finds is recorded as an Audit Trail node would have it. It ends where it is ordered to.
 */
async function main(order: AuditorOrder): Promise<void> {
  const pass = deathAt(order.death);
  const driver = await openDriver(order, pass);
  const opened: OpenStore = {
    store: storeWithPoints(storeOver(driver, { secrets: openSecretBox(join(order.home, 'keys')) }), pass, order.bug),
    driver,
    close: () => driver.close(),
  };
  const runtime = await openRuntime({
    home: order.home,
    log,
    timing: TIMING,
    environment: {},
    openStore: () => Promise.resolve(opened),
  });
  answerQuestions(driver);
  say({ port: await serve(runtime, pass) });
  await watch(runtime, order);
}

async function openDriver(order: AuditorOrder, pass: Passing): Promise<StoreDriver> {
  if (order.postgres !== null) {
    passOnTheWire(pass);
    return openPostgresStore({ ...thisMachine(), url: order.postgres });
  }
  const { home, workerPath, migrations, bug } = order;
  return openEmbeddedStore({
    directory: join(home, 'store'),
    workerPath,
    migrations,
    journal: forgetfulDisk(journalFilesIn(order.journal ?? join(home, 'journal')), pass, bug),
  });
}

async function serve(runtime: Runtime, pass: Passing): Promise<number> {
  const answerWebhook: Runtime['answerWebhook'] = (request) => {
    pass('before verify', 'as the request comes');
    const { body } = request;
    if (body === null || body instanceof Uint8Array) return runtime.answerWebhook(request);
    return runtime.answerWebhook({ ...request, body: inTheMiddle(body, pass) });
  };
  const [application, pub] = [express(), express()];
  application.use(pub);
  const server = createServer(application);
  const RED = { httpNode: pub, server, settings: {} } as unknown as Parameters<typeof openPublicRoutes>[0];
  openPublicRoutes(RED, { ...runtime, answerWebhook } as Runtime, log);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function* inTheMiddle(body: AsyncIterable<Uint8Array>, pass: Passing): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    pass('before verify', 'in the middle of its body');
    yield chunk;
  }
}

async function watch(runtime: Runtime, { sheetIds, base, publicUrl }: AuditorOrder): Promise<void> {
  const { changes, store } = runtime.portsFor({ settings: defaultSettings, credentials: {}, log });
  const watching = new Set<string>();
  for (const sheetId of sheetIds) {
    await changes.subscribe(
      { sheetIds: [sheetId], smartsheet: { token: 'practice-token', base }, publicUrl, pollSeconds: 1 },
      // What is not recorded now is handed out again.
      (found) => void store.append(found.map(recorded)).catch(quiet),
      ({ text }) => {
        if (text === 'watching') say({ watching: [...watching.add(sheetId)] });
      },
    );
  }
}

/** The event that records a change, judged as harmless. */
function recorded(change: Change): AuditEvent {
  const { column_id: _columnId, found_by: _foundBy, ...same } = change;
  return { ...event(change.event_key), ...same, timestamp: null };
}

function answerQuestions(driver: StoreDriver): void {
  // A campaign that was broken off leaves no process behind.
  process.once('disconnect', () => process.exit(1));
  process.on('message', (question: Question) => {
    const { id } = question;
    const asked =
      'rpc' in question ? driver.rpc(question.rpc, question.p) : Promise.resolve(driver.inbox?.state() ?? null);
    asked.then(
      (answer) => say({ id, answer }),
      (thrown: unknown) => say({ id, failure: String(thrown) }),
    );
  });
}

function say(saying: Saying): void {
  process.send?.(saying);
}

void main(JSON.parse(process.argv[2] ?? '') as AuditorOrder);
