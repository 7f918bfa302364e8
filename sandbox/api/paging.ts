import { SmartsheetRefusal } from '../errors';
import type { Call } from './call';

/** One page of a list, in Smartsheet's offset form. A page past the end is empty. */
export interface Page<Item> {
  readonly pageNumber: number;
  readonly pageSize: number;
  readonly totalPages: number;
  readonly totalCount: number;
  readonly data: readonly Item[];
}

/** Cuts the page that the query asks for; `includeAll=true` gives all. Default: page 1 of 100. */
export function paged<Item>(call: Call, items: readonly Item[]): Page<Item> {
  const pageSize = call.flag('includeAll') ? Math.max(1, items.length) : (call.number('pageSize') ?? 100) || 100;
  const pageNumber = call.flag('includeAll') ? 1 : Math.max(1, call.number('page') ?? 1);
  const first = (pageNumber - 1) * pageSize;
  return {
    pageNumber,
    pageSize,
    totalPages: Math.ceil(items.length / pageSize),
    totalCount: items.length,
    data: items.slice(first, first + pageSize),
  };
}

const LEAST_ITEMS = 100;

/**
 * Cuts what the token form asks for: `maxItems` (at least 100) after the item that `lastKey` stands for. The key names
 * the last item given, so that a list that changes meanwhile skips and repeats nothing that stayed.
 * @param keyOf  what tells an item from all others
 * @throws SmartsheetRefusal 1018 when `maxItems` or `lastKey` is not one of ours
 */
export function afterLastKey<Item>(
  call: Call,
  items: readonly Item[],
  keyOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly lastKey?: string } {
  const maxItems = call.number('maxItems') ?? LEAST_ITEMS;
  if (maxItems < LEAST_ITEMS) throw invalid('maxItems', String(maxItems));
  const lastKey = call.request.query.get('lastKey');
  const before = lastKey === null ? -1 : items.findIndex((item) => encoded(keyOf(item)) === lastKey);
  if (lastKey !== null && before < 0) throw invalid('lastKey', lastKey);
  const page = items.slice(before + 1, before + 1 + maxItems);
  const last = page.at(-1);
  const isEnd = before + 1 + page.length >= items.length;
  return { items: page, ...(isEnd || last === undefined ? {} : { lastKey: encoded(keyOf(last)) }) };
}

function encoded(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function invalid(name: string, text: string): SmartsheetRefusal {
  return new SmartsheetRefusal(400, 1018, `The value '${text}' was not valid for the parameter ${name}.`);
}
