import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPublicRoutes } from '../../../hosts/node-red/web/public-routes';
import type { Log } from '../../../lib/ports';
import type { Runtime } from '../../../lib/runtime/runtime';
import { createWebhookBook } from '../../../lib/runtime/webhook-book';
import { createIntake } from '../../../lib/runtime/webhook-intake';
import { openEmbeddedStore, secretBox, storeOver } from '../../../lib/store';
import { journalFilesIn, type JournalFile, type JournalFiles } from '../../../lib/store/embedded/journal-files';
import type { ReceiverOrder } from '../receiver';

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text) => void process.stderr.write(`${text}\n`) };

/**
 * The intake on an embedded store behind the public route of a web server, as a process of its own. It prints its port
 * when it is open. It may be ordered to end itself like a power cut, at a certain point and time.
 */
async function main(order: ReceiverOrder): Promise<void> {
  const dieAt = deathOf(order);
  const plain = journalFilesIn(order.journal);
  const driver = await openEmbeddedStore({
    ...order,
    journal: order.forgetful ? forgetful(plain) : deadly(plain, dieAt),
  });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await store.saveWebhook(order.webhook);
  const book = createWebhookBook(store, Date.now);
  const intake = createIntake({ store, book, now: Date.now, log, onStored: quiet });
  const answerWebhook: Runtime['answerWebhook'] = (request) => {
    dieAt('before verify');
    return intake.answer(request);
  };
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

type DieAt = (point: NonNullable<ReceiverOrder['death']>['point']) => void;

function deathOf({ death }: ReceiverOrder): DieAt {
  let times = 0;
  return (point) => {
    if (death?.point !== point) return;
    times += 1;
    if (times === death.time) process.kill(process.pid, 'SIGKILL');
  };
}

/** The files of the journal, with the points at which the process may be ordered to die. */
function deadly(files: JournalFiles, dieAt: DieAt): JournalFiles {
  return {
    list: () => files.list(),
    read: (name) => files.read(name),
    rename: (name, other) => files.rename(name, other),
    remove: (name) => files.remove(name),
    syncs: () => files.syncs(),
    readPart: (name, from, length) => {
      dieAt('while draining');
      return files.readPart(name, from, length);
    },
    create: async (name) => {
      const file = await files.create(name);
      return {
        append: async (parts) => {
          // The heading of a new file is no callback.
          if (parts.length > 1) dieAt('before journal write');
          await file.append(parts);
          if (parts.length > 1) dieAt('after write, before sync');
        },
        sync: async () => {
          await file.sync();
          dieAt('after sync, before answer');
        },
        cutTo: (length) => file.cutTo(length),
        close: () => file.close(),
      };
    },
  };
}

/** The planted bug: what is appended is said to be kept, and is not. Every check of the start is passed. */
function forgetful(files: JournalFiles): JournalFiles {
  const { create } = files;
  const lying = (file: JournalFile): JournalFile => ({
    append: (parts) => (parts.length > 1 ? Promise.resolve() : file.append(parts)),
    sync: () => file.sync(),
    cutTo: (length) => file.cutTo(length),
    close: () => file.close(),
  });
  return {
    list: () => files.list(),
    read: (name) => files.read(name),
    readPart: (name, from, length) => files.readPart(name, from, length),
    rename: (name, other) => files.rename(name, other),
    remove: (name) => files.remove(name),
    syncs: () => files.syncs(),
    create: async (name) => lying(await create.call(files, name)),
  };
}

void main(JSON.parse(process.argv[2] ?? '') as ReceiverOrder);
