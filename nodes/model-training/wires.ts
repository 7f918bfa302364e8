import { z } from 'zod';
import { wire } from '../../lib/define';

const gate = z.object({ name: z.string(), passed: z.boolean(), because: z.string() });

/** A model as it is kept, without its text. */
export const modelSchema = z.object({
  version: z.number(),
  /** The `model_version` of the events that it scored. */
  hash: z.string(),
  status: z.enum(['challenger', 'champion', 'retired', 'refused']),
  /** What it learned from. */
  data: z.object({
    sha256: z.string(),
    from: z.string(),
    to: z.string(),
    events: z.number(),
    labelled: z.number(),
    incidents: z.number(),
    /** Of imported history, among the events. */
    imported: z.number().optional(),
  }),
  seed: z.number(),
  metrics: z.record(z.string(), z.number().nullable()),
  gates: z.array(gate),
  /** Its text is still there: it can be put in force. */
  is_kept: z.boolean(),
  bytes: z.number(),
  body_sha256: z.string(),
  trained_by: z.string(),
  created_at: z.string(),
  promoted_at: z.string().nullable(),
  promoted_by: z.string().nullable(),
  retired_at: z.string().nullable(),
  /** Of the model in force: why this version cannot use it, so that rule points stand alone. */
  problem: z.string().optional(),
  /** After a training: false where the same data gave a model that is kept already. */
  is_new: z.boolean().optional(),
  /** How long the training took. */
  seconds: z.number().optional(),
});

export const model = wire('model', modelSchema);
/** `moved` says who did what, after a model was moved; `time_zone` is the business's, for whoever shows the times. */
export const models = wire(
  'models',
  z.object({ models: z.array(modelSchema).max(50), moved: z.string().optional(), time_zone: z.string() }),
);

export const promotion = wire(
  'model-promotion',
  z.object({ version: z.number().int().positive(), reason: z.string().max(2000).default('') }),
);
/** `version`: the model that is to be taken back, so that another that came meanwhile is not; left out: whichever is in force. */
export const rollBack = wire(
  'model-roll-back',
  z.object({ version: z.number().int().positive().optional(), reason: z.string().max(2000).default('') }),
);
