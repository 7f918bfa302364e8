import type { Request } from 'express';
import { arrivalOf, type Arrival } from './front-door';
import type { Visitor } from './sign-in';

/** What the door found out; these routes are reached through it only. */
export function arrived(request: Request): Arrival {
  const arrival = arrivalOf(request);
  if (!arrival) throw new Error('This request did not come through the front door.');
  return arrival;
}

/** The visitor of a page that the door gives to nobody else. */
export function visitorOf(request: Request): Visitor {
  const { visitor } = arrived(request);
  if (!visitor) throw new Error('This page was reached by nobody.');
  return visitor;
}

/** A field of a form, as one text. */
export function field(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}
