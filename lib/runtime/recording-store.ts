import type { HangingStore } from '../store/hangings';
import type { Store } from '../store/store';

/**
 * The store as nodes see it: the same, and whoever hands out changes hears which of them are recorded.
 * @param flowVersion  what recorded events bear as the flow that was in force; null: not known
 */
export function recordingStore(
  store: Store,
  onRecorded: (eventKeys: readonly string[]) => void,
  flowVersion: () => string | null = () => null,
): Store {
  return {
    ...recording(store, onRecorded, flowVersion),
    saveWebhook: (webhook) => store.saveWebhook(webhook),
    webhooks: () => store.webhooks(),
    forgetWebhook: (webhookId) => store.forgetWebhook(webhookId),
    acceptCallback: (callback) => store.acceptCallback(callback),
    leaseCallbacks: (request) => store.leaseCallbacks(request),
    renewCallbacks: (request) => store.renewCallbacks(request),
    releaseCallbacks: (ids) => store.releaseCallbacks(ids),
    failCallbacks: (request) => store.failCallbacks(request),
    deadCallbacks: (request) => store.deadCallbacks(request),
    replayDead: (request) => store.replayDead(request),
    sheet: (sheetId) => store.sheet(sheetId),
    knownRows: (sheetId, rowIds) => store.knownRows(sheetId, rowIds),
    resolve: (observation) => store.resolve(observation),
    ...waitingAndHanging(store),
    leaseChanges: (request) => store.leaseChanges(request),
    releaseChanges: (eventKeys) => store.releaseChanges(eventKeys),
    keepInForce: (texts) => store.keepInForce(texts),
    inForce: (hashes) => store.inForce(hashes),
    recent: (request) => store.recent(request),
    search: (query) => store.search(query),
    approvals: (request) => store.approvals(request),
    approve: (approval) => store.approve(approval),
    personFacts: (request) => store.personFacts(request),
    savePeople: (people) => store.savePeople(people),
    directory: () => store.directory(),
    takePeople: (people) => store.takePeople(people),
    counts: () => store.counts(),
    overview: (query) => store.overview(query),
    needsLook: (query) => store.needsLook(query),
    ...looking(store),
    requestJob: (request) => store.requestJob(request),
    job: (jobId) => store.job(jobId),
    jobs: (request) => store.jobs(request),
    leaseJob: (request) => store.leaseJob(request),
    reportJob: (job, report) => store.reportJob(job, report),
    finishJob: (job, result) => store.finishJob(job, result),
    failJob: (job, why, again) => store.failJob(job, why, again),
    withdrawJob: (jobId) => store.withdrawJob(jobId),
    event: (eventKey) => store.event(eventKey),
    watchTroubles: () => store.watchTroubles(),
    evidence: () => store.evidence(),
    deadBySheet: () => store.deadBySheet(),
    tryDeadAgain: (who) => store.tryDeadAgain(who),
    accessReader: (reader) => store.accessReader(reader),
    accessEvents: (query) => store.accessEvents(query),
    accessOverview: (period) => store.accessOverview(period),
    originCandidates: (request) => store.originCandidates(request),
    recordOrigins: (origins) => store.recordOrigins(origins),
  };
}

type Looking = 'mark' | 'marks' | 'judge' | 'judgements' | 'alerts' | 'seenAlerts' | 'promise' | 'patterns';

/** What people look at and decide. */
function looking(store: Store): Pick<Store, Looking> {
  return {
    mark: (mark) => store.mark(mark),
    marks: (eventKeys) => store.marks(eventKeys),
    judge: (judgement) => store.judge(judgement),
    judgements: (eventKeys) => store.judgements(eventKeys),
    alerts: (request) => store.alerts(request),
    seenAlerts: (reader) => store.seenAlerts(reader),
    promise: (at) => store.promise(at),
    patterns: (query) => store.patterns(query),
  };
}

function waitingAndHanging(store: Store): HangingStore & Pick<Store, 'unexplained'> {
  return {
    unexplained: (request) => store.unexplained(request),
    knownHangings: (sheetId) => store.knownHangings(sheetId),
    resolveHangings: (compared) => store.resolveHangings(compared),
  };
}

function recording(
  store: Store,
  onRecorded: (eventKeys: readonly string[]) => void,
  flowVersion: () => string | null,
): Pick<Store, 'append' | 'recordAccess'> {
  return {
    append: async (events) => {
      const flow_version = flowVersion();
      const appended = await store.append(
        flow_version === null ? events : events.map((event) => ({ ...event, flow_version })),
      );
      onRecorded(appended.map(({ event_key }) => event_key));
      return appended;
    },
    recordAccess: async (news) => {
      const recorded = await store.recordAccess(news);
      onRecorded(recorded.filter(({ is_new }) => is_new).map(({ event_key }) => event_key));
      return recorded;
    },
  };
}
