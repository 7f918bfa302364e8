import type { Fields, Params } from '../../lib/define';

/** What a node gets when nobody touched its dialog. */
export function defaultsOf<F extends Fields>(fields: F): Params<F> {
  const values = Object.entries(fields).map(([name, { kind, default: value }]) => [
    name,
    kind === 'sheets' || kind === 'columns' ? listed(value) : value,
  ]);
  return Object.fromEntries(values) as Params<F>;
}

function listed(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? value.split(',').map((each) => each.trim()) : [];
}
