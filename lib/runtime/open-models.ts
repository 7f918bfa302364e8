import { join } from 'node:path';
import { modelsOver, type StoreDriver } from '../store';
import type { Home } from './home';
import type { Machine } from './machine';
import { Models } from './models/models';
import type { OpenRuntimeOptions } from './open-runtime';

/** Asks which model is in force, and does not wait for it. Without a driver there is nothing to learn from. */
export function openModels(
  { log, modelWorker }: OpenRuntimeOptions,
  { folder }: Home,
  machine: Machine,
  driver: StoreDriver | undefined,
): Models | undefined {
  if (!driver) return undefined;
  const models = new Models({
    store: modelsOver(driver),
    machine,
    log,
    folder: join(folder, 'models'),
    workerPath: modelWorker,
  });
  models.look();
  return models;
}
