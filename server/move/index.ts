export { ServerRuns } from './errors';
export { moveStore, type Moved, type MoveOptions } from './move-store';
