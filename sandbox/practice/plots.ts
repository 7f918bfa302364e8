import type { Desk } from './desk';
import type { Difficulty, Incident } from './incident';
import type { HonestPlot } from './look-alikes';
import type { Moment, Task } from './interleave';
import type { Scheme } from './schemes';

/** Share of frauds that are easy, medium and hard to see (`shared/reference/ml.md` §6.3: 30, 40 and 30 %). */
const EASY = 0.3;
const HARD = 0.3;

/** Casts people for what is planted, and numbers it. */
export class Plots {
  /** @param used how many were numbered before */
  constructor(
    private readonly desk: Desk,
    private used = 0,
  ) {}

  honest(plot: HonestPlot, at: number): Task {
    const person = this.desk.random.oneOf(plot.who);
    const { pattern, story } = plot;
    const incident: Incident = {
      id: `L-${(this.used += 1)}`,
      isFraud: false,
      pattern,
      person: person.email,
      difficulty: null,
      story,
    };
    return marked(plot.moments(this.desk, person, at), incident);
  }

  fraud(scheme: Scheme, at: number, difficulty: Difficulty): Task {
    const person = this.desk.random.oneOf(scheme.who);
    const { pattern, story } = scheme;
    const incident: Incident = {
      id: `F-${(this.used += 1)}`,
      isFraud: true,
      pattern,
      person: person.email,
      difficulty,
      story,
    };
    return marked(scheme.moments(this.desk, { person, at, difficulty }), incident);
  }

  difficulty(): Difficulty {
    const draw = this.desk.random.fraction();
    return draw < EASY ? 'easy' : draw < 1 - HARD ? 'medium' : 'hard';
  }
}

function* marked(moments: Iterator<Omit<Moment, 'incident'>>, incident: Incident): Generator<Moment> {
  for (let next = moments.next(); next.done !== true; next = moments.next()) yield { ...next.value, incident };
}
