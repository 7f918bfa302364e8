/** Actions of our pages that only look, or concern the person alone. */
const LOOKS = new Set(['hello', 'page', 'seen', 'dead', 'patterns', 'who', 'models']);

/** Actions that decide something; each is refused with these words. */
const DECIDES: Readonly<Record<string, string>> = {
  mark: 'records a verdict',
  approve: 'records an approval',
  replay: 'puts callbacks back to work',
};

/** Actions that teach: an auditor may, beside whoever decides. */
const JUDGES: Readonly<Record<string, string>> = { judge: 'says whether a change was a real problem' };

/** Actions that change how changes are judged: an administrator's alone. */
const ADMINISTERS: Readonly<Record<string, string>> = {
  roll_back: 'takes the model in force back',
  train: 'trains a model',
};

/** What tables of Dashboard 2.0 say themselves, on pages that people build beside ours. */
const OF_TABLES = new Set(['row_click', 'button_click', 'multi_select', 'click']);

/** What a notification says when it goes: it asks for nothing. */
const GOING = new Set(['dismiss_clicked', 'timeout']);

/** Deeper than any message of a page; what hides below is not looked at, so it is refused. */
const DEEPEST = 4;

/** A message's action by its name; one without a name; or something that is no message of a page at all. */
export type Action = { readonly name: string } | 'unnamed' | 'going' | 'odd';

/** A list of messages is sent as several, so each is looked at. */
export function actionsIn(message: unknown, depth = DEEPEST): readonly Action[] {
  if (Array.isArray(message)) {
    return depth === 0 ? ['odd'] : message.flatMap((each) => actionsIn(each, depth - 1));
  }
  if (typeof message !== 'object' || message === null) return ['unnamed'];
  const { action, payload } = message as { action?: unknown; payload?: unknown };
  if (action === undefined || action === null) return [GOING.has(payload as string) ? 'going' : 'unnamed'];
  return [typeof action === 'string' ? { name: action } : 'odd'];
}

/** What somebody may, by the role that the server knows. */
export interface Rights {
  readonly mayDecide: boolean;
  readonly mayJudge: boolean;
  readonly mayAdminister: boolean;
}

const DECIDERS = new Set(['manager', 'admin']);

export function rightsOf(role: string): Rights {
  const mayDecide = DECIDERS.has(role);
  return { mayDecide, mayJudge: mayDecide || role === 'auditor', mayAdminister: role === 'admin' };
}

/** Why an action is refused, as the end of "it ..."; null = it may pass. */
export function why(action: Action, { mayDecide, mayJudge, mayAdminister }: Rights): string | null {
  if (action === 'odd') return 'is no action of a page';
  if (action === 'going') return null;
  // A button that somebody put on a page of their own: what it does is not known here, so it takes who may decide.
  if (action === 'unnamed') return mayDecide ? null : 'acts without saying what it does';
  if (LOOKS.has(action.name)) return null;
  const judging = Object.hasOwn(JUDGES, action.name) ? JUDGES[action.name] : undefined;
  if (judging !== undefined) return mayJudge ? null : judging;
  const deciding = Object.hasOwn(DECIDES, action.name) ? DECIDES[action.name] : undefined;
  if (deciding !== undefined) return mayDecide ? null : deciding;
  const administering = Object.hasOwn(ADMINISTERS, action.name) ? ADMINISTERS[action.name] : undefined;
  if (administering !== undefined) return mayAdminister ? null : administering;
  if (OF_TABLES.has(action.name)) return mayDecide ? null : 'acts on a table';
  return 'is an action that nobody knows';
}
