import type { Http } from '../../lib/ports';
import { healthAt, runningServer } from '../running-server';
import type { Draft } from './step';
import { homeOf } from './steps/store';

/** How far the watch has come. */
export interface WatchProgress {
  readonly state: 'not_running' | 'waiting' | 'seen';
  /** A sentence for people. */
  readonly text: string;
  /** Changes in the trail; null while nobody can tell. */
  readonly recorded: number | null;
}

/**
 * Looks once whether the running server has recorded a change.
 * @param before  changes in the trail when the waiting began; null = nobody could tell, so this look begins it
 */
export async function lookForFirstChange(draft: Draft, http: Http, before: number | null): Promise<WatchProgress> {
  const server = runningServer(homeOf(draft), draft.values);
  if (server === null) {
    return { state: 'not_running', text: 'The server does not run yet. Start it: billing-audit start', recorded: null };
  }
  const health = await healthAt(server.address, http);
  if (health === null) {
    const text = `A server runs (process ${server.pid}), but ${server.address}/health does not answer yet.`;
    return { state: 'waiting', text, recorded: null };
  }
  const recorded = health.counts?.events ?? null;
  if (recorded !== null && before !== null && recorded > before) {
    return { state: 'seen', text: `A change has been seen and recorded (${recorded} in the trail).`, recorded };
  }
  const sheets = health.checks.filter(({ name }) => name.startsWith('sheet '));
  const wrong = sheets.find(({ status }) => status !== 'ok');
  const how = wrong ?? sheets[0];
  const watched = how === undefined ? 'No sheet is watched yet.' : `S${how.name.slice(1)}: ${how.text}.`;
  const soFar =
    (recorded ?? 0) === 0 ? '' : ` The trail holds ${recorded} ${recorded === 1 ? 'entry' : 'entries'} so far.`;
  return { state: 'waiting', text: `${watched}${soFar} Change a cell in a watched sheet.`, recorded };
}
