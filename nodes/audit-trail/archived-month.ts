import { z } from 'zod';
import { wire } from '../../lib/define';

/** A month that left the store, in which there may be more of what was searched for. */
export const archivedMonth = wire(
  'archived-month',
  z.object({
    /** Like 2026-01: of recording, in UTC. */
    month: z.string(),
    /** The name of the file that holds it. */
    file: z.string(),
    /** Of that file, in hex. */
    sha256: z.string(),
    events: z.number(),
  }),
);
