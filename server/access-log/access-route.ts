import type { Request, RequestHandler, Response } from 'express';
import { KIND_WORDS, kindsShown, wellFormed } from '../../lib/access';
import { messageOf } from '../../lib/errors';
import type { Now } from '../../lib/ports';
import { openHomeAt } from '../../lib/runtime/open-homes';
import type { AccessQuery, Store } from '../../lib/store';
import { arrivalOf, type Visitor } from '../sign-in';
import { pageHeaders } from '../sign-in/pages';
import { isRefusal } from './is-refusal';
import { accessPage, DAYS, isGroup, type AccessView } from './access-page';

export interface AccessRouteOptions {
  /** Of the store that this server has open. */
  readonly home: string;
  readonly timeZone: string;
  readonly now: Now;
  readonly formToken: (visitor: Visitor) => string;
  readonly onFailure: (failure: unknown) => void;
}

const DAY = 86_400_000;
const ROWS = 50;

/** `GET /access`: who signed in and who did what, for those whom the door lets through: auditors, managers, admins. */
export function accessRoute(options: AccessRouteOptions): RequestHandler {
  return (request, response, next) => void answer(options, request, response).catch(next);
}

async function answer(options: AccessRouteOptions, request: Request, response: Response): Promise<void> {
  const arrival = arrivalOf(request);
  if (!arrival?.visitor) throw new Error('This page was reached by nobody.');
  const { visitor, scope } = arrival;
  const asked = askedIn(request);
  const view = { visitor, scope, formToken: options.formToken(visitor), timeZone: options.timeZone, ...asked };
  const store = openHomeAt(options.home)?.inside?.store;
  const result = store
    ? await find(store, asked, options).catch((failure: unknown) => failedBy(failure, options))
    : {
        status: 503,
        found: null,
        trouble: 'The log is not open yet. Wait until the server has started, then load the page again.',
      };
  const { status, ...shown } = result;
  // The same for the dashboard's own page, which the door has let through with the same right.
  if (request.query['format'] === 'json') {
    response
      .status(status)
      .set('Cache-Control', 'no-store')
      .json({ ...shown, kinds: KIND_WORDS, time_zone: options.timeZone });
    return;
  }
  response
    .status(status)
    .set(pageHeaders)
    .send(accessPage({ ...view, ...shown }));
}

type Asked = Pick<AccessView, 'days' | 'group' | 'text' | 'person' | 'isFurther'> & { readonly after: string | null };

/** What cannot be is taken for what was not asked. */
function askedIn({ query }: Request): Asked {
  const text = (name: string): string => {
    const value = query[name];
    return typeof value === 'string' ? wellFormed(value).slice(0, 200).trim() : '';
  };
  const kind = text('kind');
  const days = Number(text('days'));
  const after = text('after');
  return {
    days: DAYS.includes(days) ? days : 7,
    group: isGroup(kind) ? kind : 'all',
    text: text('text'),
    person: text('person'),
    after: after === '' ? null : after,
    isFurther: after !== '',
  };
}

interface Result {
  readonly status: number;
  readonly found: AccessView['found'];
  readonly trouble: string | null;
}

async function find(
  store: Store,
  { days, group, text, person, after }: Asked,
  { now }: AccessRouteOptions,
): Promise<Result> {
  const present = now();
  const from = new Date(present - days * DAY).toISOString();
  // What another clock dates a little ahead is there too.
  const to = new Date(present + DAY).toISOString();
  const query: AccessQuery = {
    from,
    to,
    limit: ROWS,
    kinds: kindsShown(group),
    ...(text !== '' && { text }),
    ...(person !== '' && { person }),
    ...(after !== null && { after }),
  };
  const [overview, page] = await Promise.all([store.accessOverview({ from, to }), store.accessEvents(query)]);
  return { status: 200, found: { overview, page }, trouble: null };
}

function failedBy(failure: unknown, { onFailure }: AccessRouteOptions): Result {
  if (isRefusal(failure)) return { status: 400, found: null, trouble: `${failure.message} ${failure.hint}` };
  onFailure(failure);
  return { status: 503, found: null, trouble: `The log cannot be read now: ${messageOf(failure)}` };
}
