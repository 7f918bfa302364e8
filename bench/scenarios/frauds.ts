import type { Pattern } from './config';
import type { Draw } from './draw';
import { REASONS } from './intended-reasons';
import type { Column, Intent, Severity, Truth } from './intent';
import { cents, type Person, type Row, type World } from './world';

const INTENSITY: Readonly<Record<Severity, number>> = { easy: 1, medium: 0.5, hard: 0.2 };

/** One incident of a pattern, with all that it needs to draw. */
interface Scene {
  readonly world: World;
  readonly draw: Draw;
  readonly severity: Severity;
  /** 1 easy, 0.5 medium, 0.2 hard, times the world's boldness. */
  readonly intensity: number;
  readonly week: number;
}

type Plan = (scene: Scene) => Omit<Intent, 'truth'>[];

/** All incidents of a world, spread over its weeks; the first two are left for habits to form. */
export function fraudIntents(world: World, draw: Draw): Intent[] {
  const intents: Intent[] = [];
  for (const [pattern, count] of Object.entries(world.config.incidents) as [Pattern, number][]) {
    for (let number = 1; number <= count; number += 1) {
      const severity = draw.weighted({ easy: 30, medium: 40, hard: 30 });
      const week = draw.whole(3, world.config.weeks - 2);
      const scene = { world, draw, severity, week, intensity: INTENSITY[severity] * world.config.boldness };
      const truth: Truth = { pattern, incident: `${pattern}-${number}`, severity, reasons: REASONS[pattern] };
      intents.push(...PLANS[pattern](scene).map((intent) => ({ ...intent, truth })));
    }
  }
  return intents;
}

const priceOf = (world: World, row: Row): number => (row.quantity ?? row.planned) * (world.prices[row.unit] as number);

const raisedBy =
  (world: World, factor: number): Intent['value'] =>
  (row) =>
    cents((row.price ?? priceOf(world, row)) * factor);

/** Rows worth having: the dearest third of a sheet's week. */
function dear({ world, draw }: Scene, sheet: number, week: number, count: number): Row[] {
  const rows = [...world.rowsOf(sheet, week)].sort((left, right) => priceOf(world, right) - priceOf(world, left));
  return draw.several(rows.slice(0, Math.max(count, Math.ceil(rows.length / 3))), count);
}

function somebody({ world, draw, week }: Scene, ...roles: readonly Person['role'][]): Person {
  return draw.pick(
    world.people.filter(
      ({ role, dormant, hiredInWeek }) => roles.includes(role) && !dormant && hiredInWeek <= week - 3,
    ),
  );
}

function officeHour({ draw }: Scene, person: Person): number {
  return person.startHour + draw.between(0.5, 8);
}

const PLANS: Readonly<Record<Pattern, Plan>> = {
  price_after_close: (scene) => {
    const { world, draw, week, intensity } = scene;
    const person = somebody(scene, 'clerk', 'supervisor');
    const late = draw.chance(0.35 * intensity);
    const from = world.instant(week * 7 + draw.whole(0, 4), late ? draw.between(19, 23) : officeHour(scene, person));
    const rows = dear(scene, draw.pick(person.home), Math.max(-8, week - draw.whole(2, 7)), draw.whole(1, 5));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(25_000, 90_000),
      person,
      row,
      column: 'Units Total Price',
      value: raisedBy(world, 1.06 + draw.between(0.3, 0.6) * intensity),
    }));
  },
  off_hours_burst: (scene) => {
    const { world, draw, week, intensity } = scene;
    const person = somebody(scene, 'foreman', 'clerk', 'supervisor');
    const easy = scene.severity === 'easy';
    const hour = easy
      ? draw.between(21, 28)
      : scene.severity === 'medium'
        ? draw.between(20, 23)
        : draw.between(18.5, 21);
    const gap = easy ? 8_000 : scene.severity === 'medium' ? 20_000 : 45_000;
    const from = world.instant(week * 7 + draw.whole(0, 4), hour);
    const rows = person.home.flatMap((sheet) => [...world.rowsOf(sheet, week), ...world.rowsOf(sheet, week - 1)]);
    return draw
      .several(rows, Math.round(8 + 50 * intensity))
      .map((row, place) => ({
        at: from + Math.round(place * gap * draw.between(0.7, 1.3)),
        person,
        row,
        column: draw.chance(0.7) ? ('Units Total Price' as const) : ('Quantity' as const),
        value: moreMoney(world, 1 + draw.between(0.05, 0.1 + 0.4 * intensity)),
      }))
      .map(asColumn(world, draw, intensity));
  },
  dormant_account: (scene) => {
    const { world, draw, week, intensity, severity } = scene;
    const onLeave = world.people.filter(({ leave }) => leave !== null);
    const useLeave = severity === 'hard' && onLeave.length > 0;
    const person = useLeave ? draw.pick(onLeave) : draw.pick(world.people.filter(({ dormant }) => dormant));
    const day =
      useLeave && person.leave ? draw.whole(person.leave[0] + 21, person.leave[1] - 1) : week * 7 + draw.whole(0, 4);
    const from = world.instant(day, severity === 'easy' ? draw.between(21, 27) : draw.between(8, 17));
    const at = Math.floor(day / 7);
    const rows = dear(scene, draw.pick(person.home), at - draw.whole(0, 3), draw.whole(2, 12));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(15_000, 70_000),
      person,
      row,
      column: 'Units Total Price',
      value: raisedBy(world, 1.05 + 0.4 * intensity * draw.between(0.5, 1)),
    }));
  },
  salami: (scene) => {
    const { world, draw, intensity } = scene;
    const person = somebody(scene, 'clerk', 'supervisor');
    const days = Math.round(18 - 11 * intensity);
    const week = Math.min(scene.week, world.config.weeks - 4);
    return Array.from({ length: draw.whole(25, 80) }, () => {
      const day = week * 7 + draw.whole(0, days);
      const rows = world.rowsOf(draw.pick(person.home), Math.floor(day / 7));
      const slice = draw.between(1, 4 + 22 * intensity);
      return {
        at: world.instant(day % 7 >= 5 ? day - 2 : day, officeHour(scene, person)),
        person,
        row: draw.pick(rows),
        column: 'Units Total Price' as const,
        value: (row: Row) => cents((row.price ?? priceOf(world, row)) + slice),
      };
    }).filter(({ row }) => row !== undefined);
  },
  duplicate_lines: (scene) => {
    const { world, draw, week, severity } = scene;
    const person = somebody(scene, 'clerk', 'supervisor');
    const sheet = draw.pick(person.home);
    const [source] = dear(scene, sheet, week, 1);
    if (!source) return [];
    const exact = severity === 'easy';
    const from = world.instant(week * 7 + draw.whole(1, 5), officeHour(scene, person));
    const targets = draw.several(
      world.rowsOf(sheet, week).filter(({ id }) => id !== source.id),
      draw.whole(1, 6),
    );
    return targets.flatMap((row, place) => {
      const at = from + place * draw.whole(20_000, 80_000);
      const blur = exact ? 1 : 1 + draw.between(-0.02, 0.02);
      return [
        { at, person, row, column: 'CU' as const, value: () => source.texts['CU'] ?? null },
        { at: at + 6_000, person, row, column: 'Quantity' as const, value: () => source.quantity ?? source.planned },
        {
          at: at + 13_000,
          person,
          row,
          column: 'Units Total Price' as const,
          value: () => cents((source.price ?? priceOf(world, source)) * blur),
        },
      ];
    });
  },
  round_padding: (scene) => {
    const { world, draw, week, severity } = scene;
    const person = somebody(scene, 'clerk', 'supervisor', 'foreman');
    const step = { easy: 500, medium: 100, hard: 50 }[severity];
    const from = world.instant(week * 7 + draw.whole(0, 4), officeHour(scene, person));
    const rows = draw.several(world.rowsOf(draw.pick(person.home), week), draw.whole(3, 15));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(20_000, 90_000),
      person,
      row,
      column: 'Units Total Price',
      value: (current) => (Math.floor((current.price ?? priceOf(world, current)) / step) + 1) * step,
    }));
  },
  privilege_misuse: (scene) => {
    const { world, draw, week, severity, intensity } = scene;
    const person = somebody(scene, 'foreman');
    const sheet = severity === 'hard' ? draw.pick(person.home) : draw.whole(0, world.config.sheets - 1);
    const from = world.instant(week * 7 + draw.whole(0, 4), officeHour(scene, person));
    const rows = draw.several(world.rowsOf(sheet, week), draw.whole(3, 15));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(20_000, 90_000),
      person,
      row,
      column: 'Units Total Price',
      value: raisedBy(
        world,
        1.03 + draw.between(0.2, 1) * (severity === 'hard' ? 0.13 : 0.37 * Math.max(0.5, intensity)),
      ),
    }));
  },
  mass_deletion: (scene) => {
    const { world, draw, week, severity } = scene;
    const person = somebody(scene, 'foreman', 'clerk', 'supervisor');
    const [count, hour, gap] = {
      easy: [draw.whole(60, 150), draw.between(21, 27), 2_000] as const,
      medium: [draw.whole(25, 70), draw.between(17, 21), 10_000] as const,
      hard: [draw.whole(10, 25), officeHour(scene, person), 40_000] as const,
    }[severity];
    const from = world.instant(week * 7 + draw.whole(0, 4), hour);
    const sheet = draw.pick(person.home);
    const rows = Array.from({ length: 6 }, (_, back) => world.rowsOf(sheet, week - back)).flat();
    return draw.several(rows, count).map((row, place) => ({
      at: from + Math.round(place * gap * draw.between(0.8, 1.2)),
      person,
      row,
      column: draw.pick(['Quantity', 'Units Total Price', 'Notes', 'Status', 'Foreman'] as const),
      value: () => null,
    }));
  },
  flip_and_restore: (scene) => {
    const { world, draw, week, intensity } = scene;
    const person = somebody(scene, 'clerk', 'supervisor');
    const factor = 1.1 + 0.5 * intensity;
    const rows = dear(scene, draw.pick(person.home), week, draw.whole(2, 6));
    const raise = world.instant(week * 7 + 3, officeHour(scene, person));
    const restore = world.instant(week * 7 + 3 + draw.whole(2, 6), officeHour(scene, person));
    return rows.flatMap((row, place) => [
      { at: raise + place * 40_000, person, row, column: 'Units Total Price' as const, value: raisedBy(world, factor) },
      {
        at: restore + place * 40_000,
        person,
        row,
        column: 'Units Total Price' as const,
        value: raisedBy(world, 1 / factor),
      },
    ]);
  },
  quantity_splitting: (scene) => {
    const { world, draw, week, intensity } = scene;
    const person = somebody(scene, 'clerk', 'foreman');
    const rows = draw.several(world.rowsOf(draw.pick(person.home), week), draw.whole(4, 10));
    const from = world.instant(week * 7 + draw.whole(0, 4), officeHour(scene, person));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(15_000, 60_000),
      person,
      row,
      column: 'Quantity',
      value: (current) =>
        (current.quantity ?? current.planned) + Math.max(1, Math.round(current.planned * 0.6 * intensity)),
    }));
  },
};

/** Raises whatever stands in a money column; made a price first, then perhaps a quantity by `asColumn`. */
function moreMoney(world: World, factor: number): Intent['value'] {
  return raisedBy(world, factor);
}

/** Quantities are whole: the same rise, rounded up. */
function asColumn(world: World, draw: Draw, intensity: number) {
  return (intent: Omit<Intent, 'truth'>): Omit<Intent, 'truth'> => {
    if (intent.column !== ('Quantity' satisfies Column)) return intent;
    const factor = 1 + draw.between(0.05, 0.1 + 0.4 * intensity);
    return { ...intent, value: (row) => Math.ceil((row.quantity ?? row.planned) * factor) };
  };
}
