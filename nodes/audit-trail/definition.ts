import { z } from 'zod';
import { smartsheet } from '../../credentials/smartsheet';
import { defineNode, wire } from '../../lib/define';
import { recordedEvent } from '../../lib/event';
import { exampleEvent } from '../billing-rules';
import { archivedMonth } from './archived-month';
import { beginAuditSheet } from './audit-sheet';
import { auditTrailFields } from './fields';
import { trailStatus, useTrail } from './record';

export const auditTrail = defineNode({
  name: 'audit-trail',
  version: 1,
  runs: 'anywhere',
  title: 'Audit Trail',
  summary: 'Records judged changes in a hash chain, in which an edit or a gap shows, and finds them again.',
  // An audit-event to record, or a question; the operation decides which, and checks it.
  input: wire('audit-event', z.unknown()),
  outputs: { recorded: recordedEvent, archived: archivedMonth },
  credentials: [smartsheet],
  fields: auditTrailFields,
  guards: { when: { field: 'operation', is: ['append'] } },
  example: exampleEvent,
  run: useTrail,
  begin: beginAuditSheet,
  status: trailStatus,
});
