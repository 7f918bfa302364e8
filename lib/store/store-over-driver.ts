import type { AuditEvent } from '../event/audit-event';
import type { Change } from '../event/change';
import { accessOver } from './access-over-driver';
import { bodyField } from './body-field';
import { directoryOver } from './directory';
import { evidenceOf, type SealStateTold } from './evidence-state';
import { groupCommit } from './group-commit';
import { hangingsOver } from './hangings';
import type { Job, JobInHand, JobStore } from './jobs';
import type { SecretBox } from './secret-box';
import type { Patterns } from './patterns';
import type { CountedPromise } from './promise';
import type { DashboardStore, Judgement, Mark, MarkedEvent, NeedsLookPage, OverviewAnswer } from './overview';
import type { RaisedAlerts, DeadBySheet, LastingTrouble, SeenAlerts, TriedAgain } from './overview';
import { SecretUnreadable, StoreRefused } from './store-errors';
import type {
  Appended,
  Approval,
  Callback,
  DeadCallback,
  KeptInForce,
  KnownRow,
  KnownSheet,
  LeasedCallback,
  PersonFacts,
  Resolved,
} from './store';
import type { Store, StoreCounts, StoreDriver, TrailPage, UnexplainedRow, Webhook } from './store';

/** Most events, or questions, in one call. */
const MOST_IN_ONE_CALL = 500;
/** Of callbacks: what a database reads in an instant. A larger one goes alone. */
const MOST_BYTES_IN_ONE_CALL = 2 * 1024 * 1024;
/** Beside the body of a callback. */
const FACTS_BYTES = 512;

type Sealed = Omit<Webhook, 'shared_secret' | 'previous_secret'> & {
  readonly shared_secret_box: string;
  readonly previous_secret_box: string | null;
};

export interface StoreOptions {
  /** Opens and seals the secrets of webhooks. */
  readonly secrets: SecretBox;
  /** Whose webhooks these are: a server's (`openSecretBox`), or a host's that has the key of the store alone (`secretBoxOfStoreKey`). */
  readonly sealedWith?: 'home' | 'store_key';
}

/**
 * The store in the words of the nodes, over any driver. Secrets of webhooks are sealed here: the database, its backups
 * and its logs never hold one in clear.
 */
export function storeOver(driver: StoreDriver, { secrets, sealedWith = 'home' }: StoreOptions): Store {
  return {
    ...webhooksOver(driver, secrets, sealedWith),
    ...callbacksOver(driver),
    ...sheetsOver(driver),
    ...hangingsOver(driver),
    ...trailOver(driver),
    ...factsOver(driver),
    ...dashboardOver(driver),
    ...jobsOver(driver),
    ...accessOver(driver),
    ...directoryOver(driver),
    counts: () => ask<StoreCounts>(driver, 'billing_audit_counts', {}),
  };
}

/** What the functions give is made by our own SQL, and its shapes are held by the tests of each function. */
async function ask<Answer>(driver: StoreDriver, name: `billing_audit_${string}`, p: unknown): Promise<Answer> {
  return (await driver.rpc(name, p)) as Answer;
}

function webhooksOver(
  driver: StoreDriver,
  secrets: SecretBox,
  sealedWith: 'home' | 'store_key',
): Pick<Store, 'saveWebhook' | 'webhooks' | 'forgetWebhook'> {
  const about = (webhookId: string): string => `webhook ${webhookId}`;
  return {
    async saveWebhook({ shared_secret, previous_secret, ...webhook }) {
      const seal = (secret: string): string => secrets.seal(secret, about(webhook.webhook_id));
      await driver.rpc('billing_audit_save_webhook', {
        ...webhook,
        shared_secret_box: seal(shared_secret),
        previous_secret_box: previous_secret === null ? null : seal(previous_secret),
        sealed_with: sealedWith,
      });
    },
    async webhooks() {
      const answer = await ask<{ webhooks: Sealed[] }>(driver, 'billing_audit_webhooks', { sealed_with: sealedWith });
      return answer.webhooks.flatMap(({ shared_secret_box, previous_secret_box, previous_until, ...webhook }) => {
        const open = (box: string): string => secrets.open(box, about(webhook.webhook_id));
        const until = typeof previous_until === 'string' ? { previous_until } : {};
        try {
          const previous_secret = previous_secret_box === null ? null : open(previous_secret_box);
          return { ...webhook, shared_secret: open(shared_secret_box), previous_secret, ...until };
        } catch (thrown) {
          // After a change of the store's key: who publishes the workflow again has it sealed anew from Smartsheet.
          if (thrown instanceof SecretUnreadable && sealedWith === 'store_key') return [];
          throw thrown;
        }
      });
    },
    async forgetWebhook(webhookId) {
      await driver.rpc('billing_audit_forget_webhook', { webhook_id: webhookId });
    },
  };
}

type CallbackStore = Pick<
  Store,
  | 'acceptCallback'
  | 'leaseCallbacks'
  | 'renewCallbacks'
  | 'releaseCallbacks'
  | 'failCallbacks'
  | 'deadCallbacks'
  | 'replayDead'
>;

function callbacksOver(driver: StoreDriver): CallbackStore {
  const accept = acceptedTogether(driver);
  return {
    async acceptCallback(given) {
      const { sheet_id, received_at } = given;
      if (driver.inbox && sheet_id !== undefined && received_at !== undefined) {
        await driver.inbox.keep({ ...given, sheet_id, received_at });
        return { isNew: null };
      }
      const [isNew] = await accept([given]);
      return { isNew: isNew ?? null };
    },
    async leaseCallbacks({ limit, leaseSeconds, sheetIds }) {
      const p = { limit, lease_seconds: leaseSeconds, sheet_ids: sheetIds ?? 'all' };
      type Encoded = Omit<LeasedCallback, 'body'> & { readonly body: string };
      const { callbacks } = await ask<{ callbacks: Encoded[] }>(driver, 'billing_audit_lease_callbacks', p);
      return callbacks.map((callback) => ({ ...callback, body: Buffer.from(callback.body, 'base64') }));
    },
    async renewCallbacks({ ids, leaseSeconds }) {
      await driver.rpc('billing_audit_renew_callbacks', { ids, lease_seconds: leaseSeconds });
    },
    async releaseCallbacks(ids) {
      await driver.rpc('billing_audit_release_callbacks', { ids });
    },
    async failCallbacks({ ids, why, retryInSeconds }) {
      await driver.rpc('billing_audit_fail_callbacks', { ids, why, retry_in_seconds: retryInSeconds });
    },
    async deadCallbacks({ limit }) {
      return (await ask<{ callbacks: DeadCallback[] }>(driver, 'billing_audit_dead_callbacks', { limit })).callbacks;
    },
    async replayDead(request) {
      return (await ask<{ replayed: number }>(driver, 'billing_audit_replay_dead', request)).replayed;
    },
  };
}

/**
 * One commit for callbacks that arrive while others are being committed; each is told when its own is durable. Two commits
 * at a time, so that the database writes one while the next is read here.
 */
function acceptedTogether(driver: StoreDriver): (callbacks: readonly Callback[]) => Promise<readonly boolean[]> {
  return groupCommit<Callback, boolean>({
    async send(given) {
      if (driver.acceptCallbacks) return driver.acceptCallbacks(given);
      const callbacks = given.map(({ body, ...callback }) => ({ ...callback, ...bodyField(body) }));
      const [first, ...others] = callbacks;
      if (others.length > 0) {
        return (await ask<{ is_new: boolean[] }>(driver, 'billing_audit_accept_callbacks', { callbacks })).is_new;
      }
      return [(await ask<{ is_new: boolean }>(driver, 'billing_audit_accept_callback', first)).is_new];
    },
    most: MOST_BYTES_IN_ONE_CALL,
    weightOf: ({ body }) => body.byteLength + FACTS_BYTES,
    atOnce: 2,
    isFaultOfValue,
  });
}

function sheetsOver(
  driver: StoreDriver,
): Pick<Store, 'sheet' | 'knownRows' | 'resolve' | 'unexplained' | 'leaseChanges' | 'releaseChanges'> {
  return {
    async sheet(sheetId) {
      return (await ask<{ sheet: KnownSheet | null }>(driver, 'billing_audit_sheet', { sheet_id: sheetId })).sheet;
    },
    async knownRows(sheetId, rowIds) {
      const p = { sheet_id: sheetId, row_ids: rowIds };
      return (await ask<{ rows: KnownRow[] }>(driver, 'billing_audit_known_rows', p)).rows;
    },
    resolve: (observation) => ask<Resolved>(driver, 'billing_audit_resolve', observation),
    async unexplained({ sheetId, limit, lateBefore }) {
      const p = { sheet_id: sheetId, limit, ...(lateBefore !== undefined && { late_before: lateBefore }) };
      return (await ask<{ rows: UnexplainedRow[] }>(driver, 'billing_audit_unexplained', p)).rows;
    },
    async leaseChanges({ sheetIds, limit, leaseSeconds }) {
      const p = { sheet_ids: sheetIds, limit, lease_seconds: leaseSeconds };
      return (await ask<{ changes: Change[] }>(driver, 'billing_audit_lease_changes', p)).changes;
    },
    async releaseChanges(eventKeys) {
      await driver.rpc('billing_audit_release_changes', { event_keys: eventKeys });
    },
  };
}

function trailOver(driver: StoreDriver): Pick<Store, 'append' | 'recent' | 'search' | 'keepInForce' | 'inForce'> {
  return {
    async keepInForce(texts) {
      return (await ask<{ hashes: string[] }>(driver, 'billing_audit_keep_in_force', { texts })).hashes;
    },
    async inForce(hashes) {
      return (await ask<{ texts: KeptInForce[] }>(driver, 'billing_audit_in_force', { hashes })).texts;
    },
    append: together<AuditEvent, Appended>(async (events) => {
      return (await ask<{ appended: Appended[] }>(driver, 'billing_audit_append', { events })).appended;
    }),
    async recent({ limit }) {
      return (await ask<{ events: AuditEvent[] }>(driver, 'billing_audit_recent', { limit })).events;
    },
    search: (query) => ask<TrailPage>(driver, 'billing_audit_search', query),
  };
}

function factsOver(driver: StoreDriver): Pick<Store, 'approvals' | 'approve' | 'personFacts' | 'savePeople'> {
  const approvals = questions<Approval[]>(driver, 'billing_audit_approvals');
  const facts = questions<PersonFacts>(driver, 'billing_audit_person_facts');
  return {
    approvals: ({ sheetId, at }) => approvals({ sheet_id: sheetId, at }),
    async approve(approval) {
      return (await ask<{ approval: Approval }>(driver, 'billing_audit_approve', approval)).approval;
    },
    personFacts: ({ person, at, withinMinutes }) => facts({ person, at, within_minutes: withinMinutes }),
    async savePeople(people) {
      await driver.rpc('billing_audit_save_people', { people });
    },
  };
}

function dashboardOver(driver: StoreDriver): DashboardStore {
  return {
    overview: (query) => ask<OverviewAnswer>(driver, 'billing_audit_overview', query),
    needsLook: (query) => ask<NeedsLookPage>(driver, 'billing_audit_needs_look', query),
    async mark(mark) {
      return (await ask<{ mark: Mark }>(driver, 'billing_audit_mark', mark)).mark;
    },
    async marks(eventKeys) {
      return (await ask<{ marks: Mark[] }>(driver, 'billing_audit_marks', { event_keys: eventKeys })).marks;
    },
    async judge(judgement) {
      return (await ask<{ judgement: Judgement }>(driver, 'billing_audit_judge', judgement)).judgement;
    },
    async judgements(eventKeys) {
      const p = { event_keys: eventKeys };
      return (await ask<{ judgements: Judgement[] }>(driver, 'billing_audit_judgements', p)).judgements;
    },
    async event(eventKey) {
      return (await ask<{ event: MarkedEvent | null }>(driver, 'billing_audit_event', { event_key: eventKey })).event;
    },
    alerts: (request) => ask<RaisedAlerts>(driver, 'billing_audit_alerts', request),
    seenAlerts: (reader) => ask<SeenAlerts>(driver, 'billing_audit_seen_alerts', reader),
    promise: (at) => ask<CountedPromise>(driver, 'billing_audit_promise', { at }),
    patterns: (query) => ask<Patterns>(driver, 'billing_audit_patterns', query),
    watchTroubles: async () =>
      (await ask<{ troubles: readonly LastingTrouble[] }>(driver, 'billing_audit_watch_troubles', {})).troubles,
    evidence: async () => evidenceOf(await ask<SealStateTold>(driver, 'billing_audit_seal_state', {})),
    deadBySheet: () => ask<DeadBySheet>(driver, 'billing_audit_dead_by_sheet', {}),
    tryDeadAgain: (who) => ask<TriedAgain>(driver, 'billing_audit_try_dead_again', who),
  };
}

function jobsOver(driver: StoreDriver): JobStore {
  const inHand = ({ jobId, worker }: JobInHand) => ({ job_id: jobId, worker });
  return {
    async requestJob({ kind, parameters, askedBy, requestKey }) {
      const p = { kind, parameters, asked_by: askedBy, request_key: requestKey ?? null };
      const { job, is_new } = await ask<{ job: Job; is_new: boolean }>(driver, 'billing_audit_request_job', p);
      return { job, isNew: is_new };
    },
    async job(jobId) {
      return (await ask<{ job: Job | null }>(driver, 'billing_audit_job', { job_id: jobId })).job;
    },
    async jobs(request) {
      return (await ask<{ jobs: Job[] }>(driver, 'billing_audit_jobs', request)).jobs;
    },
    async leaseJob({ kinds, worker, leaseSeconds }) {
      const p = { kinds, worker, lease_seconds: leaseSeconds };
      return (await ask<{ job: Job | null }>(driver, 'billing_audit_lease_job', p)).job;
    },
    async reportJob(job, { fraction, text, leaseSeconds }) {
      const p = { ...inHand(job), fraction, text, lease_seconds: leaseSeconds };
      await driver.rpc('billing_audit_report_job', p);
    },
    async finishJob(job, result) {
      await driver.rpc('billing_audit_finish_job', { ...inHand(job), result });
    },
    async failJob(job, why, again) {
      const p = { ...inHand(job), why, again };
      return (await ask<{ state: Job['state'] }>(driver, 'billing_audit_fail_job', p)).state;
    },
    async withdrawJob(jobId) {
      return (await ask<{ withdrawn: boolean }>(driver, 'billing_audit_withdraw_job', { job_id: jobId })).withdrawn;
    },
  };
}

/** One question at a time for the caller, one call for all who ask at the same time. */
function questions<Answer>(
  driver: StoreDriver,
  name: `billing_audit_${string}`,
): (question: unknown) => Promise<Answer> {
  const all = together<unknown, Answer>(async (requests) => {
    return (await ask<{ answers: Answer[] }>(driver, name, { requests })).answers;
  });
  return async (question) => {
    const [answer] = await all([question]);
    if (answer === undefined)
      throw new StoreRefused('P0002', `${name} gave no answer.`, 'Run "billing-audit migrate".');
    return answer;
  };
}

function together<Value, Answer>(
  send: (values: readonly Value[]) => Promise<readonly Answer[]>,
): (values: readonly Value[]) => Promise<readonly Answer[]> {
  return groupCommit({ send, most: MOST_IN_ONE_CALL, isFaultOfValue });
}

function isFaultOfValue(thrown: unknown): boolean {
  return thrown instanceof StoreRefused;
}
