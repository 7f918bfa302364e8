import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadSetting } from '../../lib/errors';
import { sha256Hex } from '../../lib/hash';
import { readField } from '../../lib/fields';
import { thisMachine } from '../../lib/runtime/machine';
import type { TrainingReport } from '../../lib/runtime/models/desk';
import { Models } from '../../lib/runtime/models/models';
import { type BillingSettings, completeSettings } from '../../lib/settings';
import type { ModelStore, NewModel, StoredModel } from '../../lib/store';
import { billingSettings } from '../../nodes/billing-settings';
import { settingsIn } from '../config/node-settings';
import { paletteFolder } from '../look-into-store';
import { flowFileOf, readFlow } from '../setup';

export interface TrailTraining {
  readonly store: ModelStore;
  readonly settings: BillingSettings;
  readonly seed: number;
  /** The newest so many events are learned from. */
  readonly most: number;
  /** Who asked, in words. */
  readonly by: string;
  /** Trains and asks the gates, and keeps nothing. */
  readonly dryRun: boolean;
  /** Events read so far. */
  readonly onProgress: (events: number) => void;
}

/**
 * Trains on the trail as the node Model Training does: the same data, gates, table and acts.
 * @throws TrainingFailed    there is too little to learn from
 * @throws StoreUnavailable, StoreRefused
 */
export async function trainOnTrail(asked: TrailTraining): Promise<TrainingReport> {
  // A server may have the home open, and its state belongs to it.
  const folder = mkdtempSync(join(tmpdir(), 'billing-audit-training-'));
  const quiet = (): undefined => undefined;
  const models = new Models({
    store: counting(asked.dryRun ? keepingNothing(asked.store) : asked.store, asked.onProgress),
    machine: thisMachine(),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    folder,
    workerPath: join(paletteFolder(), 'model-worker.js'),
    isServing: false,
  });
  try {
    const { seed, most, by } = asked;
    return await models.deskFor(asked.settings).train({ seed, most, by, promote: true });
  } finally {
    await models.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What changes are looked at by: the *Billing settings* of the home's flow, and what they leave empty by the environment.
 * @throws FlowUnreadable
 * @throws BadSetting  a value cannot be used, or the flow has several Billing settings and nobody says which
 */
export function settingsOfHome(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): BillingSettings {
  const [first, second] = settingsIn(readFlow(flowFileOf(home)) ?? [], 'billing_settings');
  if (second) {
    throw new BadSetting(
      'Billing settings',
      'are several in the flow',
      'Train by the node Model Training, which names one.',
    );
  }
  const shared: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(billingSettings.fields)) {
    const raw = first?.values[name];
    if (raw === undefined) continue;
    const reading = readField(field, raw);
    if (!reading.ok)
      throw new BadSetting(field.label, 'holds in the flow what cannot be used', 'Correct it in the editor.');
    shared[name] = reading.value;
  }
  return completeSettings({ node: {}, shared, environment });
}

function counting(store: ModelStore, onProgress: TrailTraining['onProgress']): ModelStore {
  let read = 0;
  return {
    ...store,
    trailLines: async (after, limit) => {
      const page = await store.trailLines(after, limit);
      onProgress((read += page.lines.length));
      return page;
    },
  };
}

/** So many rows the store gives at most. */
const MOST_KNOWN = 50;

/** A store in which a new model is described and not put down; one that is there already is what it is. */
function keepingNothing(store: ModelStore): ModelStore {
  return {
    ...store,
    putModel: async (given) => {
      const models = await store.models(MOST_KNOWN);
      const hash = sha256Hex(given.description);
      const known = models.find((each) => each.hash === hash);
      if (known) return { model: known, isNew: false };
      return { model: asStored(given, hash, (models[0]?.version ?? 0) + 1), isNew: true };
    },
  };
}

function asStored(
  { data, seed, metrics, gates, status, body, by }: NewModel,
  hash: string,
  version: number,
): StoredModel {
  return {
    ...{ version, hash, data, seed, metrics, gates, status, is_kept: false, trained_by: by },
    ...{ bytes: Buffer.byteLength(body), body_sha256: sha256Hex(body), created_at: new Date().toISOString() },
    ...{ promoted_at: null, promoted_by: null, retired_at: null },
  };
}
