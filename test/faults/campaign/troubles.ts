import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPostgres } from '../../support/postgres';
import { until } from '../../support/until';
import type { Round, Scene } from './leg';
import { mountSmallDisk } from './small-disk';
import type { StoreKind } from './ground';
import { CUTS, openWire, type Cut } from './wire';

const STOPS = ['pg_ctl stop -m immediate', 'kill -9 of the postmaster'] as const;
type DatabaseStop = (typeof STOPS)[number];

const LONG_MILLISECONDS = 240_000;
/** What the full disk still takes. */
const BYTES_LEFT = 24 * 1024;
const MOST_CUTS = 12;

/**
 * Everything that a store is tried with besides kills of our process.
 * @param canFill  whether a disk can be filled here
 */
export function troubleRounds(
  store: StoreKind,
  given: { stops: number; callbacks: number; canFill: boolean },
): Round[] {
  const { stops, callbacks, canFill } = given;
  const disk = canFill ? [fullDiskRound(callbacks)] : [];
  if (store === 'embedded') return disk;
  const stopped = Array.from({ length: stops }, (_, stop) =>
    databaseStopRound(STOPS[stop % STOPS.length] ?? STOPS[0], callbacks),
  );
  return [...stopped, ...CUTS.map((cut) => cutRound(cut, callbacks)), ...disk];
}

/** The database is gone in the middle of callbacks, and comes back. */
export function databaseStopRound(how: DatabaseStop, callbacks: number): Round {
  return {
    fault: 'database',
    point: how,
    moment: 'while callbacks come',
    callbacks,
    run: async (scene, round) => {
      const server = serverOf(scene);
      await whileChanging(scene, round, callbacks, {}, 'when callbacks flow', async () => {
        const refusals = scene.relay.refusals();
        if (how === 'kill -9 of the postmaster') killPostmaster(server);
        else server.halt();
        const isMet = (): boolean => scene.relay.refusals() > refusals || isThrough(scene, round, callbacks);
        await until(isMet, 'callbacks to meet a store that is away', LONG_MILLISECONDS);
        // Those of the old one's processes that are left hold its memory for a moment.
        await until(() => (server.resume(), true), 'the database to be back', LONG_MILLISECONDS);
      });
    },
  };
}

function killPostmaster({ folder }: TestPostgres): void {
  const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
}

/** Connections to the database are cut in the middle of calls. */
function cutRound(cut: Cut, callbacks: number): Round {
  return {
    fault: 'connections cut',
    point: cut,
    moment: 'every third change',
    callbacks,
    run: async (scene, round) => {
      const { folder } = serverOf(scene);
      const wire = await openWire(join(folder, '.s.PGSQL.5432'), cut, MOST_CUTS);
      try {
        const postgres = `postgresql://gate@127.0.0.1:${wire.port}/audit`;
        await whileChanging(scene, round, callbacks, { postgres }, 'when callbacks flow', async () => {
          await until(() => wire.cuts() >= MOST_CUTS, `${MOST_CUTS} connections to be cut`, LONG_MILLISECONDS);
        });
      } finally {
        await wire.close();
      }
    },
  };
}

/** The disk of the inbox is really full: callbacks are refused until there is room again. */
export function fullDiskRound(callbacks: number): Round {
  return {
    fault: 'full disk',
    point: 'at the inbox',
    moment: 'while callbacks come',
    callbacks,
    run: async (scene, round) => {
      const { ground, relay } = scene;
      const disk = mountSmallDisk(`${ground.home}-disk`);
      if (disk === null) throw new Error('No small disk can be mounted here: it takes root on Linux.');
      try {
        const { folder } = disk;
        if (ground.kind === 'postgres') {
          // In a folder of its own, which only the server's user may have.
          const place = join(folder, 'tablespace');
          execFileSync('install', ['-d', '-o', 'postgres', '-m', '700', place]);
          await ground.sql(`create tablespace small location '${place}'`);
          await ground.sql('alter table billing_audit.webhook_events set tablespace small');
        } else {
          cpSync(join(ground.home, 'journal'), folder, { recursive: true });
        }
        const order = ground.kind === 'postgres' ? {} : { journal: folder };
        disk.fill(BYTES_LEFT);
        const refusals = relay.refusals();
        await whileChanging(scene, round, callbacks, order, 'at once', async () => {
          const isMet = (): boolean => relay.refusals() > refusals || isThrough(scene, round, callbacks);
          await until(isMet, 'the disk to be full', LONG_MILLISECONDS);
          disk.empty();
        });
        if (relay.refusals() === refusals && scene.isHonest) throw new Error('The disk was never full.');
        if (ground.kind === 'postgres') {
          await ground.sql('alter table billing_audit.webhook_events set tablespace pg_default');
          await ground.sql('drop tablespace small');
        } else {
          cpSync(folder, join(ground.home, 'journal'), { recursive: true });
        }
      } finally {
        disk.unmount();
      }
    },
  };
}

/** All of the round have come and are answered 200: only a planted bug can have it so while the store is away. */
function isThrough({ relay }: Scene, round: number, callbacks: number): boolean {
  return [...relay.letters.values()].filter((each) => each.round === round).length >= callbacks && relay.left() === 0;
}

function serverOf({ ground }: Scene): TestPostgres {
  if (ground.server === null) throw new Error('The embedded store has no server.');
  return ground.server;
}

/**
 * Changes cells, has the trouble, and ends the process when all of them were acknowledged.
 * @param begins  a disk that is full already lets no callbacks flow to wait for
 */
async function whileChanging(
  scene: Scene,
  round: number,
  callbacks: number,
  order: Parameters<Scene['begin']>[0],
  begins: 'when callbacks flow' | 'at once',
  trouble: () => Promise<void>,
): Promise<void> {
  const { begin, relay, office } = scene;
  const auditor = await begin(order);
  try {
    const changing = office.change(callbacks, round);
    const some = Math.floor(callbacks / 4);
    const isFlowing = (): boolean =>
      [...relay.letters.values()].filter((letter) => letter.round === round && letter.acknowledged).length >= some;
    if (begins === 'when callbacks flow') await until(isFlowing, 'callbacks to flow', LONG_MILLISECONDS);
    await Promise.all([trouble(), changing]);
    // Not only those that have come: the last ones may still be on their way here.
    const isOver = (): boolean => isThrough(scene, round, callbacks);
    await until(isOver, `all to be acknowledged. ${auditor.complaints()}`, LONG_MILLISECONDS);
  } finally {
    relay.to(null);
    await auditor.kill();
  }
}
