import type { Bug } from '../order';
import type { Point } from '../points';
import type { Ground, StoreKind } from './ground';
import { killRound } from './kills';
import type { Leg, Round } from './leg';
import { databaseStopRound, fullDiskRound } from './troubles';

/** A planted bug, the trouble in which it shows, and what the campaign must say of it. */
export interface PlantedBug extends Pick<Leg, 'store' | 'rounds' | 'spoil'> {
  readonly name: string;
  /** Null: it is planted in the store. */
  readonly bug: Bug | null;
  readonly shows: 'lostCallbacks' | 'doubledCallbacks' | 'lostChanges' | 'doubledChanges';
}

const CALLBACKS = 60;

const kill = (point: Point, moment: string): Round[] => [killRound({ point, moment, time: 3 }, CALLBACKS)];
const atTheDoor = (): Round[] => [
  killRound({ point: 'before verify', moment: 'as the request comes', time: 40 }, CALLBACKS),
];

/** Takes away what holds a callback to be there once. */
async function dropUniqueness(ground: Ground): Promise<void> {
  const constraints = await ground.sql(
    `select conname from pg_constraint where contype = 'u' and conrelid = 'billing_audit.webhook_events'::regclass`,
  );
  for (const { conname } of constraints) {
    await ground.sql(`alter table billing_audit.webhook_events drop constraint "${String(conname)}"`);
  }
}

/**
 * A commit is answered before it is on the disk. The log's writer is held still and nobody else has a reason to write
 * the log: an immediate stop leaves what was written to the operating system, and only what never got there is lost.
 */
async function commitLazily(ground: Ground): Promise<void> {
  await ground.sql('alter role gate set synchronous_commit = off');
  await ground.sql('alter system set autovacuum = off');
  await ground.sql('alter system set bgwriter_lru_maxpages = 0');
  await ground.sql('select pg_reload_conf()');
  const [writer] = await ground.sql(`select pid from pg_stat_activity where backend_type = 'walwriter'`);
  process.kill(Number(writer?.['pid']), 'SIGSTOP');
}

const onBoth = (store: StoreKind): PlantedBug[] => [
  {
    store,
    name: 'answers before it stores',
    bug: 'answers before it stores',
    rounds: kill('before insert', 'nothing is written'),
    shows: 'lostCallbacks',
  },
  {
    store,
    name: 'stores without unique',
    bug: null,
    spoil: dropUniqueness,
    rounds: atTheDoor(),
    shows: 'doubledCallbacks',
  },
  {
    store,
    name: 'forgets changes of what it resolved',
    bug: 'forgets changes of what it resolved',
    rounds: atTheDoor(),
    shows: 'lostChanges',
  },
  { store, name: 'records twice', bug: 'records twice', rounds: atTheDoor(), shows: 'doubledChanges' },
];

/** @param canFill  whether a disk can be filled here */
export function plantedBugs(store: StoreKind, canFill: boolean): PlantedBug[] {
  const down = { store, bug: 'answers 200 while the store is down', shows: 'lostCallbacks' } as const;
  if (store === 'postgres') {
    const stop = databaseStopRound('pg_ctl stop -m immediate', CALLBACKS);
    return [
      ...onBoth(store),
      { ...down, name: down.bug, rounds: [stop] },
      {
        store,
        name: 'answers before the sync',
        bug: null,
        spoil: commitLazily,
        rounds: [stop],
        shows: 'lostCallbacks',
      },
    ];
  }
  const replay = kill('before answer', 'the commit is through');
  return [
    ...onBoth(store),
    ...(canFill ? [{ ...down, name: down.bug, rounds: [fullDiskRound(CALLBACKS)] }] : []),
    {
      store,
      name: 'answers before the sync',
      bug: 'answers before the sync',
      rounds: atTheDoor(),
      shows: 'lostCallbacks',
    },
    {
      store,
      name: 'forgets what the journal holds',
      bug: 'forgets what the journal holds',
      rounds: replay,
      shows: 'lostCallbacks',
    },
  ];
}
