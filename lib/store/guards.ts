import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EmbeddedStoreOptions } from './embedded/driver';
import type { StoreDriver } from './store';

/** One thing that keeps the trail append-only, as the database tells it: a trigger, a right, a policy, a function's text. */
export interface GuardFact {
  readonly kind: string;
  readonly name: string;
  readonly fact: string;
}

/** Where the guards of a database differ from what the migrations make. */
export interface GuardFinding {
  readonly kind: string;
  readonly name: string;
  /** A sentence for whoever verifies. */
  readonly text: string;
}

export interface GuardReport {
  readonly findings: readonly GuardFinding[];
  /** False: event triggers need a superuser there, so DDL that was undone again is not noted. */
  readonly notesDdl: boolean;
  /** DDL on what is ours, as the database noted it, the oldest first: migrations too. The last hundred. */
  readonly changes: readonly SchemaChange[];
  /** Of all that was noted, what neither a known migration nor the keeping of months did: somebody was at it. The last hundred. */
  readonly others: readonly SchemaChange[];
}

/** What a store should be like. */
export interface Guards {
  readonly facts: readonly GuardFact[];
  /** The migrations that make it so. */
  readonly versions: readonly string[];
}

/** DDL that was noted by the event triggers. */
export interface SchemaChange {
  readonly at: string;
  readonly command: string;
  readonly object_type: string;
  readonly object: string;
  readonly login: string;
  readonly acting_as: string;
  /** What was done in one go. */
  readonly transaction: string;
}

const EVENT_TRIGGER = 'event trigger';
const PARTITION = 'partition';
const MONTH = 'month';
const MOST_CHANGES = 100;

/**
 * Compares the guards of a store with those that the migrations make. A function of the store tells them: who can replace
 * that one too is found by the seal, which no database can forge, once an event differs.
 * @param expected  see `expectedGuards`
 * @throws StoreUnavailable, StoreRefused  the store cannot be asked
 */
export async function checkGuards(driver: StoreDriver, expected: Guards): Promise<GuardReport> {
  const { versions } = expected;
  const { facts, changes, others } = (await driver.rpc('billing_audit_guards', { limit: MOST_CHANGES, versions })) as {
    readonly facts: readonly GuardFact[];
    readonly changes: readonly SchemaChange[];
    readonly others: readonly SchemaChange[];
  };
  const notesDdl = facts.some(({ kind }) => kind === EVENT_TRIGGER);
  // Whether there may be event triggers is not ours to say; those that are there are to be switched on.
  const wanted = notesDdl ? expected.facts : expected.facts.filter(({ kind }) => kind !== EVENT_TRIGGER);
  return { findings: differences(wanted, facts), notesDdl, changes, others };
}

/** The guards as the migrations make them, read from a store that is made for that and removed again: some seconds. */
export async function expectedGuards(
  options: Pick<EmbeddedStoreOptions, 'workerPath' | 'migrations'> = {},
): Promise<Guards> {
  const folder = mkdtempSync(join(tmpdir(), 'billing-audit-guards-'));
  try {
    const fresh = await openEmbeddedStore({ ...options, directory: join(folder, 'store') });
    try {
      const { facts } = (await fresh.rpc('billing_audit_guards', { limit: 0 })) as { readonly facts: GuardFact[] };
      const { versions } = (await fresh.rpc('billing_audit_migrations', {})) as { readonly versions: string[] };
      return { facts, versions };
    } finally {
      await fresh.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function differences(expected: readonly GuardFact[], found: readonly GuardFact[]): readonly GuardFinding[] {
  const keyOf = ({ kind, name }: GuardFact): string => `${kind}\0${name}`;
  const there = new Map(found.map((fact) => [keyOf(fact), fact]));
  const known = new Set(expected.map(keyOf));
  const wrong = expected.flatMap((wanted): readonly GuardFinding[] => {
    const { kind, name, fact } = wanted;
    const is = there.get(keyOf(wanted));
    if (is === undefined) return [{ kind, name, text: `The ${kind} ${name} is missing.` }];
    if (is.fact === fact) return [];
    return [{ kind, name, text: `The ${kind} ${name} was changed: ${told(kind, is.fact, fact)}.` }];
  });
  const added = found
    .filter((fact) => !known.has(keyOf(fact)))
    .map(({ kind, name, fact }) => ({ kind, name, text: strange(kind, name, fact) }));
  return [...wrong, ...added];
}

/** A partition is told only where its guards are not those of the rest, a month where it is none, or half of one. */
function strange(kind: string, name: string, fact: string): string {
  if (kind === 'keys') return `The table ${name} does not look at the keys of other tables any more.`;
  if (kind === MONTH) return `The partition ${name} is ${fact}.`;
  if (kind !== PARTITION) return `The ${kind} ${name} is none of ours.`;
  return `The partition ${name} is not guarded as the others are: it has "${fact}".`;
}

/** Hashes say nothing to a reader. */
function told(kind: string, is: string, wanted: string): string {
  const withoutHash = (text: string): string => text.replace(/, [0-9a-f]{64}$/, '');
  if (kind === 'definition') return 'its text is another';
  if (kind !== 'function') return `it is "${is}" and should be "${wanted}"`;
  if (withoutHash(is) === withoutHash(wanted)) return 'its text is another';
  return `it is "${withoutHash(is)}" and should be "${withoutHash(wanted)}"`;
}
