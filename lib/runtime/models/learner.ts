import { features, Lesson, TrailFold } from '../../risk';
import { BillingAuditError, messageOf } from '../../errors';
import type { BillingSettings } from '../../settings';
import type { TrailLine } from '../../store/models';
import { learnModel } from './learned-model';
import type { FromThread, ToThread } from './protocol';
import { readState, writeState } from './state-file';

interface Begun {
  readonly settings: BillingSettings;
  readonly stateFile: string;
  fold: TrailFold;
  /** Up to where the fold has come. */
  position: number;
  /** The newest position whose state was written, or is to be. */
  kept: number;
  readonly lesson: Lesson | null;
}

/** What the thread does: folds the trail, keeps its state, and trains. It knows no store and no clock. */
export class Learner {
  private begun: Begun | null = null;

  /** Never throws: a failure is an answer too. */
  answer(message: ToThread): FromThread {
    try {
      return this.answered(message);
    } catch (thrown) {
      const { code = 'training_failed', hint = 'See the log of the server.' } =
        thrown instanceof BillingAuditError ? thrown : {};
      return { type: 'failed', code, hint, message: messageOf(thrown) };
    }
  }

  private answered(message: ToThread): FromThread {
    if (message.type === 'begin') return this.begin(message);
    const begun = this.begun;
    if (!begun) throw new Error('Nothing was begun.');
    switch (message.type) {
      case 'page':
        for (const line of message.page.lines) take(begun, line, message.page.settled);
        begun.position = message.page.next ?? begun.position;
        return { type: 'taken', learned: begun.lesson?.count ?? 0 };
      case 'keep':
        keepUpTo(begun, begun.position);
        return { type: 'kept', position: begun.kept };
      case 'learn': {
        const { feedback, champion, seed, now } = message;
        const lesson = begun.lesson ?? new Lesson(1);
        return { type: 'learned', model: learnModel(lesson.newest(), { feedback, champion, seed, now }) };
      }
    }
  }

  private begin({ settings, stateFile, fromState, most }: Extract<ToThread, { type: 'begin' }>): FromThread {
    const kept = fromState ? readState(stateFile, settings) : null;
    this.begun = {
      ...{ settings, stateFile, fold: kept?.fold ?? TrailFold.begin(settings), position: kept?.position ?? 0 },
      ...{ kept: -1, lesson: most > 0 ? new Lesson(most) : null },
    };
    return { type: 'begun', after: this.begun.position };
  }
}

function take(begun: Begun, line: TrailLine, settled: number): void {
  const { fold, lesson } = begun;
  // What is kept ends where nothing can come in between any more.
  if (line.position > settled && begun.kept < 0) keepUpTo(begun, settled);
  const event = fold.read(line);
  if (event) {
    lesson?.add(event, { key: line.event_key, ruleScore: line.rule_score }, features(event, fold.state));
    fold.take(event, line);
  }
}

function keepUpTo(begun: Begun, position: number): void {
  if (begun.kept >= 0) return;
  begun.kept = position;
  writeState(begun.stateFile, begun.settings, { fold: begun.fold, position });
}
