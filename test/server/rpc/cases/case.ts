/** One request to the door, what PostgREST answers, and where ours answers otherwise on purpose. */
export interface RpcCase {
  readonly name: string;
  /** What follows `/rpc/` in the address. */
  readonly to?: string;
  readonly method?: string;
  readonly key?: 'service' | 'apikey' | 'both' | 'none' | 'wrong' | 'person' | 'basic';
  /** Null takes one of the usual headers away. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array;
  /** What PostgREST 12 answers. */
  readonly status: number;
  readonly code?: string;
  /** Absent: ours answers the same, field by field. */
  readonly ours?: Difference;
}

export interface Difference {
  readonly because: string;
  readonly status?: number;
  readonly type?: string;
  /** Fields of an error that are other ones in ours. */
  readonly error?: Readonly<Partial<Record<'code' | 'message' | 'hint' | 'details', unknown>>>;
  /** Ours answers a value where PostgREST does not, or another one. */
  readonly value?: unknown;
}

export const p = (value: unknown): string => JSON.stringify({ p: value });
export const raise = (errcode: string, more: object = {}): Pick<RpcCase, 'to' | 'body'> => ({
  to: 'billing_audit_raise',
  body: p({ errcode, ...more }),
});
export const raised = (errcode: string, status: number): RpcCase => ({
  name: `a function that raises ${errcode}`,
  ...raise(errcode),
  status,
  code: errcode,
});
export const json = (type: string): Record<string, string> => ({ 'content-type': type });

export const NO_GUESS = 'Ours does not guess what was meant: names of functions are no dictionary.';
export const NO_QUERY = 'Ours takes no filters, and a key or a person in an address would stand in every log.';
export const JSON_ONLY = 'All our callers send JSON; each other form would be one more way to be read wrongly.';
export const BY_POST = 'Ours is called by POST alone: parameters in an address would stand in every log.';
export const KEY_FIRST = 'Ours looks at the key before anything else, and tells strangers nothing about functions.';
export const NO_PATH = { code: 'PGRST125', message: 'Invalid path specified in request URL' };
export const SAYS_WHY = 'Ours says what to do.';

export const webhook = {
  webhook_id: '11',
  sheet_id: '7',
  callback_url: 'https://n8n.example.com/webhook/1',
  shared_secret_box: 'v1.x',
  status: 'ENABLED',
  sealed_with: 'store_key',
};
export const callback = { webhook_id: '11', nonce: 'a', body: Buffer.from('{"a":1}').toString('base64') };

/** The counts of the store, whatever they are by now. */
export function COUNTS(): unknown {
  return expect.objectContaining({ events: expect.any(Number) as number });
}
