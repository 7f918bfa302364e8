import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { FlowNode } from '../support/node-red';

const nodes = JSON.parse(
  readFileSync(join(resolve(__dirname, '../..'), 'dashboards/overview.json'), 'utf8'),
) as FlowNode[];
const page = String(nodes.find(({ id }) => id === 'audit-models')?.['format']);

interface Said {
  readonly action: string;
  readonly payload: unknown;
}

type Shown = Record<string, unknown> & {
  take(message: unknown): void;
  load(): void;
  ask(): void;
  rollBack(): void;
};

/** The page as it stands in the flow, without a browser: its data and methods, with a clock that we turn. */
function opened() {
  const script = /<script>([^]*)<\/script>/u.exec(page)?.[1] ?? '';
  const timers = new Map<number, () => void>();
  const component = runInNewContext(`(${script.replace(/^\s*export default/u, '').replace(/;\s*$/u, '')})`, {
    setTimeout: (then: () => void) => timers.set(timers.size + 1, then).size,
    clearTimeout: (id: number) => timers.delete(id),
    document: { activeElement: null },
  }) as {
    data(): Record<string, unknown>;
    methods: Record<string, (given?: unknown) => void>;
    computed: { champion: (this: unknown) => unknown };
  };
  const said: Said[] = [];
  const $socket = { emit: (_: string, __: string, message: Said) => said.push(message) };
  const parts = { ...component.data(), ...component.methods, id: 'models', $socket, $nextTick: () => undefined };
  const shown = parts as unknown as Shown;
  Object.defineProperty(shown, 'champion', { get: () => component.computed.champion.call(shown) });
  const wait = (): void => [...timers.values()].forEach((then) => then());
  return { shown, said, wait };
}

const champion = (version: number): unknown => ({ payload: { models: [{ version, status: 'champion' }] } });

describe('the page Models', () => {
  it('says that it loads, that no answer came, and shows what comes after all', () => {
    const { shown, wait, said } = opened();
    shown.load();
    expect(said.map(({ action }) => action)).toEqual(['who', 'models']);
    expect(shown).toMatchObject({ models: null, problem: '' });
    wait();
    expect(shown['problem']).toContain('no answer came');
    shown.take(champion(1));
    expect(shown).toMatchObject({ problem: '', champion: { version: 1 } });
    wait();
    expect(shown['problem']).toBe('');
    expect(page).toContain('Loading the models');
  });

  it('takes back the model that was in force when it asked, whichever comes meanwhile', () => {
    const { shown, said } = opened();
    shown.take(champion(4));
    shown.ask();
    shown.take(champion(5));
    shown.rollBack();
    expect(said.at(-1)).toMatchObject({ action: 'roll_back', payload: { version: 4 } });
  });

  it('says of the model in force that this version cannot use it', () => {
    const { shown } = opened();
    const moved = 'Ana took model 4 back; model 3 is in force';
    const [alert] = /<p [^>]*data-models="unusable">[^]*?<\/p>/u.exec(page) ?? [''];
    expect(alert).toContain('v-if="champion && champion.problem"');
    expect(alert).toContain('{{ champion.problem }}');
    const problem = 'Model 3 cannot be used.';
    shown.take({ payload: { moved: `${moved}, but`, models: [{ version: 3, status: 'champion', problem }] } });
    expect(shown).toMatchObject({ champion: { problem }, told: `${moved}, but` });
    shown.take({ payload: { moved: `${moved}.`, models: [{ version: 3, status: 'champion' }] } });
    expect(shown).toMatchObject({ told: `${moved}. The record says so.` });
  });
});
