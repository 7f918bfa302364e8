import { createServer } from 'node:net';

/** Below what the systems hand out to outgoing connections (from 32768 or 49152 on): none of those can take a port of ours. */
const FIRST = 12_000;
const PORTS_OF_A_PROCESS = 500;
const PROCESSES = 40;

/** Jest counts its processes from 1; each has ports of its own. */
const first = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % PROCESSES) * PORTS_OF_A_PROCESS;
let next = Math.floor(Math.random() * PORTS_OF_A_PROCESS);

/** A port that nobody listens on, for a program that is started with its number; no other test file is given it meanwhile. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS_OF_A_PROCESS; tried += 1) {
    const port = first + (next++ % PORTS_OF_A_PROCESS);
    if (await nobodyListensOn(port)) return port;
  }
  throw new Error(`Every port from ${first} to ${first + PORTS_OF_A_PROCESS - 1} is in use.`);
}

function nobodyListensOn(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer().once('error', () => done(false));
    probe.listen(port, () => probe.close(() => done(true)));
  });
}
