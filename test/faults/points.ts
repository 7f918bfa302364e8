/**
 * The six points at which our process is killed, in the order of a callback's way (reference trust.md, A1). Each has two
 * moments, so that two kills at a point are not the same kill twice.
 */
export const POINTS = {
  'before verify': ['as the request comes', 'in the middle of its body'],
  'before insert': ['nothing is written', 'half is written'],
  'before commit': ['all is written', 'the commit is under way'],
  'before answer': ['the commit is through', 'the store has said so'],
  'before processing': ['they are leased', 'they are looked up'],
  'mid-processing': ['the changes are found', 'the changes are recorded'],
} as const;

export type Point = keyof typeof POINTS;
export const POINT_NAMES = Object.keys(POINTS) as readonly Point[];

/** The `time`-th passing of a point's moment is the last thing that the process does. */
export interface Death {
  readonly point: Point;
  readonly moment: string;
  readonly time: number;
}

/** Called by the seams below as they are passed. */
export type Passing = (point: Point, moment: string) => void;

/** Ends this process as `kill -9` does, at the place that was ordered. */
export function deathAt(death: Death | null): Passing {
  let times = 0;
  return (point, moment) => {
    if (death?.point !== point || death.moment !== moment) return;
    times += 1;
    if (times === death.time) process.kill(process.pid, 'SIGKILL');
  };
}
