import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { addPracticeRoutes } from './control/practice';
import { addReplayRoutes } from './control/replay';
import { completed, type SandboxOptions, type SandboxSettings } from './options';
import { createWorld, FIRST_PEOPLE, type World } from './world';
import { Keeper } from './state/keeper';
import { messageOf } from '../lib/errors';
import { planReplay } from './replay/plan';
import { PracticeOffice } from './practice/practice-office';
import { readInvoiceLines } from './replay/invoice-lines';
import { Replay } from './replay/replay';
import { restoreState, type SavedState } from './state/saved-state';
import { Server } from './http/server';
import { sheetFromCsv } from './control/load';
import { StateFile } from './state/state-file';
import { UnusableCsv } from './errors';

/** A local Smartsheet that runs in this process. */
export interface Sandbox {
  /** `http://host:port`, without a slash at the end; the API base is `url + '/2.0/'`. */
  readonly url: string;
  readonly port: number;
  /** Saves the state (when it is kept) and ends. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox.
 * @throws SandboxCannotListen the address is taken
 * @throws SandboxStateDamaged the saved state cannot be read
 * @throws UnusableCsv         a file to load or to replay cannot be read
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = completed(options);
  const world = createWorld(settings);
  const file = settings.stateDirectory === undefined ? undefined : new StateFile(settings.stateDirectory);
  const saved = file?.read() ?? null;
  furnish(world, saved);
  const replay = replayFor(world, settings, saved);
  const practice = settings.practice ? new PracticeOffice(world, saved?.practice ?? null) : undefined;
  const keeper = file === undefined ? undefined : new Keeper(world, file);
  if (keeper !== undefined) Object.assign(keeper, { replay, practice });
  const server = new Server(world, () => keeper?.changed());
  addReplayRoutes(server.control, replay);
  addPracticeRoutes(server.control, practice);
  const port = await server.listen(settings.host, settings.port);
  world.address = `http://${settings.host}:${port}`;
  if (replay !== undefined && !settings.replayWaits && replay.waits) replay.start();
  if (practice !== undefined && !settings.replayWaits) practice.start();
  return {
    url: world.address,
    port,
    close: async () => {
      await server.close();
      await replay?.stop();
      await practice?.stop();
      await keeper?.save();
      world.dispatcher.close();
      world.clock.close();
    },
  };
}

/** Puts in what was saved, or else the first people and the sheet to load. */
function furnish(world: World, saved: SavedState | null): void {
  if (saved !== null) return restoreState(world, saved);
  for (const person of FIRST_PEOPLE) world.office.people.add(person);
  const { load } = world.settings;
  if (load === undefined) return;
  const by = { userId: world.office.people.add(FIRST_PEOPLE[0]).id, at: world.clock.now() };
  sheetFromCsv(world, basename(load).replace(/\.csv$/i, ''), textOf(load), by, load);
}

/** The replay that was asked for, begun anew or where it was left. Without one no clock stands still. */
function replayFor(world: World, settings: SandboxSettings, saved: SavedState | null): Replay | undefined {
  if (settings.replay === undefined) {
    world.clock.run();
    return undefined;
  }
  const plan = planReplay(readInvoiceLines(textOf(settings.replay), settings.replay), settings.timeZone);
  const pace = { rate: settings.replayRate, lockstep: settings.replayInLockstep };
  return new Replay(world, plan, pace, saved?.replay ?? undefined);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UnusableCsv(path, messageOf(cause), 'Give the path of a CSV file that can be read.');
  }
}
