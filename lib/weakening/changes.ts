import type { Field, Fields } from '../define/fields';
import type { NodeDefinition } from '../define/node';
import { withoutSecrets } from '../flows-diff';
import { canonicalJson } from '../hash';
import type { Configuration, ConfigurationChange, ConfiguredNode } from './configuration';
import { WATCHED_VARIABLES } from './variables';
import { entriesOf, isExpression, isWeaker, textOf } from './weaker-value';

/** What the step from one configuration to the next did, node by node. Which of it weakens, the definitions say. */
export function changesOf(
  before: Configuration,
  after: Configuration,
  definitions: readonly NodeDefinition[],
): readonly ConfigurationChange[] {
  const pairs = pairsOf(before.nodes, after.nodes);
  const laterIds = new Map(pairs.flatMap(([was, is]) => (was && is ? [[was.id, is.id] as const] : [])));
  const step: Step = { definitions, before, after, laterIds };
  return [
    ...pairs.flatMap(([was, is]) => {
      if (was && is) return [...switched(step, was, is), ...fieldChanges(step, was, is), ...pathChanges(step, was, is)];
      return was ? gone(step, was) : is ? came(step, is) : [];
    }),
    ...variableChanges(before.variables, after.variables),
  ];
}

/** Those of the changes after which less is found, told or proved. */
export function weakenings(
  before: Configuration,
  after: Configuration,
  definitions: readonly NodeDefinition[],
): readonly ConfigurationChange[] {
  return changesOf(before, after, definitions).filter(({ weakens }) => weakens);
}

interface Step {
  readonly definitions: readonly NodeDefinition[];
  readonly before: Configuration;
  readonly after: Configuration;
  /** The id that a node of before has now. */
  readonly laterIds: ReadonlyMap<string, string>;
}

type Pair = readonly [before: ConfiguredNode | undefined, after: ConfiguredNode | undefined];

/** A node that was deleted and put there again, by an import for instance, is the same: of its type and name. */
function pairsOf(before: readonly ConfiguredNode[], after: readonly ConfiguredNode[]): readonly Pair[] {
  const isSame = (one: ConfiguredNode, other: ConfiguredNode): boolean => one.type === other.type;
  const onlyOf = (nodes: readonly ConfiguredNode[], type: string): boolean =>
    nodes.filter((node) => node.type === type).length === 1;
  const later = new Map(after.map((node) => [node.id, node]));
  const taken = new Set<string>();
  const byId = before.map((was): [ConfiguredNode, ConfiguredNode | undefined] => {
    const is = later.get(was.id);
    if (!is || !isSame(was, is)) return [was, undefined];
    taken.add(is.id);
    return [was, is];
  });
  const pairs = byId.map(([was, is]): Pair => {
    const free = after.filter((node) => !taken.has(node.id) && isSame(was, node));
    // Where a host knows nodes by their names (n8n), one that was renamed is the only one of its type, before and after.
    const renamed = onlyOf(before, was.type) && onlyOf(after, was.type) ? free[0] : undefined;
    const again = is ?? free.find(({ name }) => was.name === name) ?? renamed;
    if (again) taken.add(again.id);
    return [was, again];
  });
  return [...pairs, ...after.filter(({ id }) => !taken.has(id)).map((is): Pair => [undefined, is])];
}

function gone(step: Step, was: ConfiguredNode): readonly ConfigurationChange[] {
  const subject = subjectOf(step, was);
  const weakens = isGuarding(step, was);
  return [{ subject, field: null, before: 'deployed', after: null, weakens, because: `${subject} was removed.` }];
}

function came(step: Step, is: ConfiguredNode): readonly ConfigurationChange[] {
  const subject = subjectOf(step, is);
  return [{ subject, field: null, before: null, after: stateOf(is), weakens: false, because: `${subject} was added.` }];
}

function switched(step: Step, was: ConfiguredNode, is: ConfiguredNode): readonly ConfigurationChange[] {
  const subject = subjectOf(step, is);
  if (was.on !== is.on) {
    const because = is.on ? `${subject} was enabled.` : `${subject}, or the flow it stands on, was disabled.`;
    const weakens = !is.on && isGuarding(step, was);
    return [{ subject, field: null, before: stateOf(was), after: stateOf(is), weakens, because }];
  }
  return [];
}

function fieldChanges(step: Step, was: ConfiguredNode, is: ConfiguredNode): readonly ConfigurationChange[] {
  const fields = fieldsOf(step, is.type);
  const subject = subjectOf(step, is);
  const stoppedGuarding = was.on && is.on && isGuarding(step, was) && !isGuarding(step, is);
  const guard = definitionOf(step, is.type);
  const deciding = guard && 'guards' in guard ? guard.guards?.when?.field : undefined;
  return (
    Object.keys(was.values)
      .filter((name) => name in is.values)
      .filter((name) => canonicalJson(was.values[name] ?? null) !== canonicalJson(is.values[name] ?? null))
      // What both take from the same shared settings is told once, of those.
      .filter((name) => !(was.settings === is.settings && was.inherits.includes(name) && is.inherits.includes(name)))
      .map((name): ConfigurationChange => {
        const field = fields[name];
        const label = field?.label ?? name;
        const [before, after] = shown(was.values[name], is.values[name]);
        const weakens =
          was.on &&
          ((name === deciding && stoppedGuarding) || isWeaker(field?.weaker, was.values[name], is.values[name]));
        return {
          subject,
          field: label,
          before,
          after,
          weakens,
          because: sentence({ subject, label, before, after, weakens }),
        };
      })
  );
}

/** Messages that got to another node and do not any more, or pass what they did not pass before. */
function pathChanges(step: Step, was: ConfiguredNode, is: ConfiguredNode): readonly ConfigurationChange[] {
  if (!was.on || !is.on || !isGuarding(step, was)) return [];
  const subject = subjectOf(step, is);
  const lost = was.reaches.flatMap((id) => {
    const old = step.before.nodes.find((node) => node.id === id);
    const laterId = step.laterIds.get(id);
    const still = step.after.nodes.find((node) => node.id === laterId);
    // One that is gone or off is told by itself.
    if (!old || !still?.on || is.reaches.includes(still.id) || !isGuarding(step, old)) return [];
    const target = subjectOf(step, still);
    const because = `What ${subject} gives does not get to ${target} any more.`;
    return [{ subject, field: 'Connections', before: `to ${target}`, after: null, weakens: true, because }];
  });
  const own = Object.entries(is.between).filter(([id, fingerprint]) => was.between[id] !== fingerprint);
  const left = Object.keys(was.between).filter((id) => !(id in is.between));
  if (own.length === 0 && left.length === 0) return lost;
  const weakens = own.length > 0;
  const because = weakens
    ? `Behind ${subject} messages now pass a node that was added or changed; it may hold some back.`
    : `Behind ${subject} messages do not pass a node any more that they passed before.`;
  const named = (between: ConfiguredNode['between']): string => Object.keys(between).join(', ') || 'nothing';
  return [
    ...lost,
    { subject, field: 'Between', before: named(was.between), after: named(is.between), weakens, because },
  ];
}

function variableChanges(
  before: Configuration['variables'],
  after: Configuration['variables'],
): readonly ConfigurationChange[] {
  return Object.keys(before)
    .filter((name) => name in after && before[name] !== after[name])
    .map((name) => {
      const watched = WATCHED_VARIABLES[name];
      const weakens = isWeaker(watched?.weaker, before[name], after[name]);
      const told = { subject: name, field: null, before: before[name] || null, after: after[name] || null };
      const because = weakens ? (watched?.because ?? '') : `${name} was changed.`;
      return { ...told, weakens, because };
    });
}

interface Told {
  readonly subject: string;
  readonly label: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly weakens: boolean;
}

function sentence({ subject, label, before, after, weakens }: Told): string {
  const step = `"${label}" of ${subject} was changed from ${before ?? 'nothing'} to ${after ?? 'nothing'}`;
  return weakens ? `${step}: less is found or told than before.` : `${step}.`;
}

/** Both values as text; of a table only the entries that differ. */
function shown(before: unknown, after: unknown): readonly [string | null, string | null] {
  const isTable = [before, after].every(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !isExpression(value),
  );
  if (!isTable) return [orNull(before), orNull(after)];
  const [was, is] = [entriesOf(before), entriesOf(after)];
  return [orNull(was.filter((entry) => !is.includes(entry))), orNull(is.filter((entry) => !was.includes(entry)))];
}

function orNull(value: unknown): string | null {
  return textOf(withoutSecrets('', textOf(value))) || null;
}

function stateOf({ on }: ConfiguredNode): string {
  return on ? 'deployed' : 'disabled';
}

function isGuarding(step: Step, node: ConfiguredNode): boolean {
  const definition = definitionOf(step, node.type);
  if (!node.on || !definition || !('guards' in definition) || !definition.guards) return false;
  const { when } = definition.guards;
  return !when || when.is.includes(textOf(node.values[when.field]));
}

function subjectOf(step: Step, { type, name }: ConfiguredNode): string {
  const title = definitionOf(step, type)?.title ?? type;
  return name === '' || name === title ? title : `${title} "${name}"`;
}

function fieldsOf(step: Step, type: string): Readonly<Record<string, Field>> {
  return (definitionOf(step, type)?.fields ?? {}) as Fields;
}

function definitionOf({ definitions }: Step, type: string): NodeDefinition | undefined {
  return definitions.find(({ name }) => name === type);
}
