import { features, Lesson, TrailFold } from '../../risk';
import { BillingAuditError, messageOf } from '../../errors';
import type { TrailLine } from '../../store/models';
import { learnModel } from './learned-model';
import type { FromThread, ToThread } from './protocol';
import { StateKeeper } from './state-keeper';

type Begun =
  { readonly keeper: StateKeeper; readonly lesson: null } | { readonly fold: TrailFold; readonly lesson: Lesson };

/** What the thread does: folds the trail, and keeps its state or trains. It knows no store and no clock. */
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
    if (message.type === 'begin-state') {
      const keeper = new StateKeeper(message);
      this.begun = { keeper, lesson: null };
      return { type: 'begun', after: keeper.position, ahead: keeper.ahead, damaged: keeper.damaged };
    }
    if (message.type === 'begin-lesson') {
      this.begun = { fold: TrailFold.begin(message.settings), lesson: new Lesson(message.most) };
      return { type: 'begun', after: 0, ahead: null, damaged: null };
    }
    return this.goneOn(message, this.begun);
  }

  private goneOn(message: Exclude<ToThread, { type: `begin-${string}` }>, begun: Begun | null): FromThread {
    if (message.type === 'lines' && begun?.lesson === null) {
      for (const line of message.lines) begun.keeper.take(line);
      return { type: 'taken', learned: 0 };
    }
    if (message.type === 'lines' && begun?.lesson) {
      for (const line of message.lines) take(begun, line);
      return { type: 'taken', learned: begun.lesson.count };
    }
    if (message.type === 'keep' && begun?.lesson === null) {
      begun.keeper.keepAt(message);
      return { type: 'kept' };
    }
    if (message.type === 'learn' && begun?.lesson) {
      const { feedback, champion, seed, now } = message;
      return { type: 'learned', model: learnModel(begun.lesson.newest(), { feedback, champion, seed, now }) };
    }
    throw new Error(`Nothing was begun that "${message.type}" goes on with.`);
  }
}

function take({ fold, lesson }: Extract<Begun, { lesson: Lesson }>, line: TrailLine): void {
  const event = fold.read(line);
  if (!event) return;
  const about = { key: line.event_key, ruleScore: line.rule_score, isImported: line.kind === 'imported' };
  lesson.add(event, about, features(event, fold.state));
  fold.take(event, line);
}
