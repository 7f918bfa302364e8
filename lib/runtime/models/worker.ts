import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { Learner } from './learner';
import type { ToThread } from './protocol';

/** Entry of the thread that trains; bundled to `model-worker.js` beside the bundle that opens the Runtime. */
const port = parentPort;
if (!port) throw new Error('The model worker runs in a worker thread only.');
/** So much behind the threads through which events pass, at whatever priority the process was started. */
const BEHIND = 10;
const LOWEST = 19;
// On Linux this is the thread's own: a training takes what events leave. Elsewhere it would slow the whole process down.
if (process.platform === 'linux') setPriority(Math.min(LOWEST, getPriority() + BEHIND));
const learner = new Learner();
port.on('message', (message: ToThread) => port.postMessage(learner.answer(message)));
