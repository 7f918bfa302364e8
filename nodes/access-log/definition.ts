import { z } from 'zod';
import { smartsheet } from '../../credentials/smartsheet';
import { signIn } from '../../lib/access';
import { defineNode, wire } from '../../lib/define';
import { exampleOfAccess } from './example';
import { accessLogFields } from './fields';
import { follow } from './follow';
import { accessStatus, useAccessLog } from './use';

export const accessLog = defineNode({
  name: 'access-log',
  version: 1,
  runs: 'anywhere',
  title: 'Access Log',
  summary: 'Says who signed in, from where, who could not, and who changed flows, shared, exported or deleted.',
  // A tick, a question or an event to record; the operation decides which, and checks it.
  input: wire('event', z.unknown()),
  outputs: { signIn },
  credentials: [smartsheet],
  fields: accessLogFields,
  example: exampleOfAccess,
  run: useAccessLog,
  begin: follow,
  status: accessStatus,
});
