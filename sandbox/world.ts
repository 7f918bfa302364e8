import { Activity } from './office/activity';
import { Dispatcher } from './webhooks/dispatcher';
import { Ids } from './ids';
import { Office } from './office/office';
import { FIRST_PLAN, type Plan } from './plan';
import { SandboxClock } from './clock';
import type { SandboxSettings } from './options';

/** What every request handler works on. */
export interface World {
  readonly settings: SandboxSettings;
  readonly clock: SandboxClock;
  readonly office: Office;
  readonly dispatcher: Dispatcher;
  readonly plan: Plan;
  /** What event reporting tells. */
  readonly activity: Activity;
  /** The sandbox's own address, without a slash at the end; permalinks begin with it. */
  address: string;
  /** Milliseconds that the clock was moved by hand; the rate limits count them as passed, and no others. */
  movedByHand: number;
}

/** The person whom the practice token belongs to, and an administrator beside. */
export const FIRST_PEOPLE = [
  { email: 'billing-audit@example.com', name: 'Billing Audit', token: 'practice-token', admin: true },
  { email: 'counter@example.com', name: 'Counter' },
] as const;

/** An office with its first people, a clock that runs, and no sheet. */
export function createWorld(settings: SandboxSettings): World {
  const clock = new SandboxClock(settings.wall);
  const office = new Office(new Ids(settings.seed));
  const plan: Plan = { ...FIRST_PLAN, region: settings.region, eventReporting: settings.eventReporting };
  const activity = new Activity(office, { isOn: () => plan.eventReporting });
  const dispatcher = new Dispatcher(clock, office, {
    debounceMilliseconds: settings.debounceSeconds * 1_000,
    collapseRepeatedEdits: settings.collapseRepeatedEdits,
    callbackTimeoutMilliseconds: settings.callbackTimeoutMilliseconds,
    challengeTimeoutMilliseconds: settings.challengeTimeoutMilliseconds,
    eventMix: settings.eventMix,
    rowMoves: () => plan.rowMoves,
  });
  return { settings, clock, office, dispatcher, plan, activity, address: '', movedByHand: 0 };
}
