import type { StoreUnderTest } from '../stores';
import { accessContract } from './access';
import { appendedBytesContract } from './appended-bytes';
import { approvedAfterwardsContract } from './approved-afterwards';
import { callbacksTogetherContract } from './callbacks-together';
import { coverageContract } from './coverage';
import { dashboardContract } from './dashboard';
import { directoryContract } from './directory';
import { driverContract } from './driver';
import { judgementsContract } from './judgements';
import { hangingsContract } from './hangings';
import { jobsContract } from './jobs';
import { modelsContract } from './models';
import { patternsContract } from './patterns';
import { plansContract } from './plans';
import { leasesAndFactsContract } from './leases-and-facts';
import { resolveContract } from './resolve';
import { rowsAndColumnsContract } from './resolve-rows-and-columns';
import { rollupsContract } from './rollups';
import { trailContract } from './trail';
import { webhookHoldersContract } from './webhook-holders';

/** What every store does, whatever is behind it. One database for all of it, emptied before each test. */
export function storeContract(open: () => Promise<StoreUnderTest>): void {
  let opened: StoreUnderTest;
  const under = (): StoreUnderTest => opened;
  beforeAll(async () => {
    opened = await open();
  }, 120_000);
  afterAll(() => opened.close());

  describe('the trail', () => trailContract(under));
  describe('the bytes of what is appended', () => appendedBytesContract(under));
  describe('rollups', () => rollupsContract(under));
  describe('resolution', () => resolveContract(under));
  describe('rows and columns', () => rowsAndColumnsContract(under));
  describe('attachments and comments', () => hangingsContract(under));
  describe('leases and facts', () => leasesAndFactsContract(under));
  describe('callbacks together', () => callbacksTogetherContract(under));
  describe('approvals afterwards', () => approvedAfterwardsContract(under));
  describe('jobs', () => jobsContract(under));
  describe('the dashboard', () => dashboardContract(under));
  describe('judgements', () => judgementsContract(under));
  describe('patterns', () => patternsContract(under));
  describe('coverage', () => coverageContract(under));
  describe('models', () => modelsContract(under));
  describe('the access log', () => accessContract(under));
  describe('the directory of people', () => directoryContract(under));
  describe('holders of webhooks', () => webhookHoldersContract(under));
  describe('plans', () => plansContract(under));
  // The last: it takes the database away.
  describe('the driver', () => driverContract(under));
}
