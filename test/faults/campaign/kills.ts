import { POINT_NAMES, POINTS, type Death, type Point } from '../points';
import type { Round } from './leg';

/** Passings before the last one; what is done for many callbacks at once, as the inbox and its commits are, is passed less often. */
const MOST_PASSINGS: Readonly<Record<Point, number>> = {
  'before verify': 40,
  'before insert': 3,
  'before commit': 3,
  'before answer': 3,
  'before processing': 2,
  'mid-processing': 2,
};
const DEATH_MILLISECONDS = 180_000;

/** `kill -9` at each moment of each point in turn. */
export function killRounds(kills: number, callbacksEach: number): Round[] {
  const places = POINT_NAMES.flatMap((point) => POINTS[point].map((moment) => ({ point, moment })));
  return Array.from({ length: kills }, (_, kill) => {
    // One moment of each point, then the others.
    const place = places[(kill * 2 + (Math.floor(kill / POINT_NAMES.length) % 2)) % places.length];
    if (place === undefined) throw new Error('There are no points.');
    return killRound({ ...place, time: null }, callbacksEach);
  });
}

/** @param death  `time` null: by chance */
export function killRound(death: Omit<Death, 'time'> & { readonly time: number | null }, callbacks: number): Round {
  const { point, moment } = death;
  return {
    fault: 'kill',
    point,
    moment,
    callbacks,
    run: async ({ begin, relay, office, dice }, round) => {
      const time = death.time ?? 1 + dice(MOST_PASSINGS[point]);
      const auditor = await begin({ death: { point, moment, time } });
      const changing = office.change(callbacks, round);
      await auditor.died(DEATH_MILLISECONDS).finally(() => relay.to(null));
      await changing;
    },
  };
}
