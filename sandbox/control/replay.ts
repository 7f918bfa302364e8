import { ControlRefusal } from '../errors';
import type { ControlApi } from './routes';
import type { Replay } from '../replay/replay';

/** `GET /sandbox/replay`, `POST /sandbox/replay/start`, `GET /sandbox/replay/expected`; without a replay all are 404. */
export function addReplayRoutes(control: ControlApi, replay: Replay | undefined): void {
  const present = () => {
    if (replay !== undefined) return replay;
    throw new ControlRefusal('There is no replay.', 'Start the sandbox with --replay FILE.', 404);
  };
  control
    .on('GET', '/sandbox/replay', () => present().status())
    .on('POST', '/sandbox/replay/start', () => present().start())
    .on('GET', '/sandbox/replay/expected', () => present().expected());
}
