import { startSandbox } from '../../../sandbox';
import { fastNow, type FastClock } from './fast-clock';

/** A sandbox whose minutes pass within seconds. Prints its address; ends when its standard input does. */
async function main(): Promise<void> {
  const clock = JSON.parse(process.argv[2] ?? '{}') as FastClock;
  const sandbox = await startSandbox({ port: 0, wall: fastNow(clock) });
  process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`);
  process.stdin.resume().once('end', () => void sandbox.close().then(() => process.exit(0)));
}

void main();
