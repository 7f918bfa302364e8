import { completed, type SandboxOptions } from './options';
import { createWorld, FIRST_PEOPLE, type World } from './world';
import { Server } from './http/server';

export type { SandboxOptions } from './options';

/** A local Smartsheet that runs in this process. */
export interface Sandbox {
  /** `http://host:port`, without a slash at the end; the API base is `url + '/2.0/'`. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  /** Saves the state (when it is kept) and ends. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox.
 * @throws SandboxCannotListen the address is taken
 * @throws SandboxStateDamaged the saved state cannot be read
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = completed(options);
  const world = createWorld(settings);
  for (const person of FIRST_PEOPLE) world.office.people.add(person);
  const server = new Server(world);
  const port = await server.listen(settings.host, settings.port);
  world.address = `http://${settings.host}:${port}`;
  return {
    url: world.address,
    port,
    world,
    close: async () => {
      await server.close();
      world.dispatcher.close();
      world.clock.close();
    },
  };
}
