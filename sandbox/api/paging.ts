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
