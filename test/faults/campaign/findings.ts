import type { Edit } from './office';
import type { Letter } from './relay';
import type { Ground } from './ground';

/** What of a round is not as it was promised. Each is a count that must be 0. */
export interface Findings {
  /** Callbacks that were answered 200 and are not in the store, or not resolved. */
  readonly lostCallbacks: number;
  readonly doubledCallbacks: number;
  /** Changes of the sandbox that are not in the trail. */
  readonly lostChanges: number;
  readonly doubledChanges: number;
}

/** What is in the store when everything has come to rest. */
export interface Evidence {
  /** How often each nonce is there; one that was not resolved counts as 0. */
  readonly nonces: ReadonlyMap<string, number>;
  /** How often the trail has each new value. */
  readonly values: ReadonlyMap<string, number>;
  /** Streams whose chain does not verify. */
  readonly brokenChains: readonly string[];
}

export async function readEvidence(ground: Ground): Promise<Evidence> {
  const nonces = await ground.sql(
    `select nonce, count(*)::int as times from billing_audit.webhook_events where state = 'done' group by nonce`,
  );
  const values = await ground.sql(
    `select new_value, count(*)::int as times from billing_audit.audit_event where new_value like 'value %' group by new_value`,
  );
  const chains = await ground.sql(
    `select stream from billing_audit.streams
     where not (public.billing_audit_verify(jsonb_build_object('stream', stream)) ->> 'ok')::boolean`,
  );
  return {
    nonces: new Map(nonces.map(({ nonce, times }) => [String(nonce), Number(times)])),
    values: new Map(values.map(({ new_value: value, times }) => [String(value), Number(times)])),
    brokenChains: chains.map(({ stream }) => String(stream)),
  };
}

/** Compares what was acknowledged and changed with what is there. */
export function findingsOf({ nonces, values }: Evidence, letters: readonly Letter[], edits: readonly Edit[]): Findings {
  const acknowledged = letters.filter((letter) => letter.acknowledged);
  const timesOf = (letter: Letter): number => nonces.get(letter.nonce) ?? 0;
  const inTrail = ({ value }: Edit): number => values.get(value) ?? 0;
  return {
    lostCallbacks: acknowledged.filter((letter) => timesOf(letter) === 0).length,
    doubledCallbacks: letters.filter((letter) => timesOf(letter) > 1).length,
    lostChanges: edits.filter((edit) => inTrail(edit) === 0).length,
    doubledChanges: edits.filter((edit) => inTrail(edit) > 1).length,
  };
}

/** What is not as it was promised in all of it, by its name; nothing when all is well. */
export function wrongIn(leg: {
  readonly rounds: readonly Findings[];
  readonly brokenChains: readonly string[];
  readonly wrongAnswers: readonly number[];
}): Record<string, number> {
  const names = ['lostCallbacks', 'doubledCallbacks', 'lostChanges', 'doubledChanges'] as const;
  const sums = names.map((name) => [name, leg.rounds.reduce((sum, round) => sum + round[name], 0)] as const);
  const all = [
    ...sums,
    ['brokenChains', leg.brokenChains.length] as const,
    ['wrongAnswers', leg.wrongAnswers.length] as const,
  ];
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}
