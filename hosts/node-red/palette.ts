import { smartsheet } from '../../credentials/smartsheet';
import { credentials, nodes } from '../../nodes';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { openRuntime } from '../../lib/runtime/open-runtime';
import { createPalette } from './runtime/palette';

/** The palette as it is shipped; each node's small file asks it to register that node. */
export const palette = createPalette({
  nodes,
  credentials,
  openRuntime,
  environment: process.env,
  choices: { credential: smartsheet, http: httpOverFetch() },
});
