import { z } from 'zod';
import { wire } from '../define/wire';
import { recordedEventSchema, severity } from '../event';

/** An event that somebody is told of, and why. */
export const alertSchema = z.object({
  event_key: z.string().min(1),
  severity,
  /** True when no setting could have kept it back. */
  always: z.boolean(),
  why: z.array(z.object({ code: z.string(), because: z.string() })),
  /** Who is mailed; empty = it is only shown. */
  recipients: z.array(z.string()),
  /** The mail's subject and plain text, for whoever carries it elsewhere. */
  subject: z.string(),
  text: z.string(),
  event: recordedEventSchema,
});

export type Alert = z.infer<typeof alertSchema>;

export const alert = wire('alert', alertSchema);
