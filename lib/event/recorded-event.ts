import { z } from 'zod';
import { wire } from '../define/wire';
import { auditEventSchema } from './audit-event';

/** An audit-event that is in the trail: `timestamp` is set, and its place is known when it was just recorded. */
export const recordedEventSchema = auditEventSchema.extend({
  /** The part of the trail that it stands in: a sheet, or a concern. */
  stream: z.string().optional(),
  /** Its number in that stream, from 1. */
  seq: z.number().int().positive().optional(),
});

export type RecordedEvent = z.infer<typeof recordedEventSchema>;

/** An audit-event to every node after it: whoever takes an audit-event takes this. */
export const recordedEvent = wire('audit-event', recordedEventSchema);
