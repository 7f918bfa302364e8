import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPublicRoutes } from '../../../hosts/node-red/web/public-routes';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { createWebhookBook } from '../../../lib/runtime/webhook-book';
import { createIntake } from '../../../lib/runtime/webhook-intake';
import { openEmbeddedStore, secretBox, storeOver } from '../../../lib/store';
import type { ReceiverOrder } from '../receiver';

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text) => void process.stderr.write(`${text}\n`) };

/**
 * The intake on an embedded store behind the public route of a web server, as a process of its own. It prints its port
 * when it is open.
 */
async function main(order: ReceiverOrder): Promise<void> {
  const driver = await openEmbeddedStore(order);
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await store.saveWebhook(order.webhook);
  const book = createWebhookBook(store, Date.now);
  const intake = createIntake({ store, book, now: Date.now, log, onStored: quiet });
  const answerWebhook: Runtime['answerWebhook'] = (request) => intake.answer(request);
  const [application, pub] = [express(), express()];
  application.use(pub);
  const server = createServer(application);
  const RED = { httpNode: pub, server, settings: {} } as unknown as Parameters<typeof openPublicRoutes>[0];
  openPublicRoutes(RED, { answerWebhook } as Runtime, log);
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  process.once('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
    void driver.close().then(() => process.exit(0));
  });
}

void main(JSON.parse(process.argv[2] ?? '') as ReceiverOrder);
