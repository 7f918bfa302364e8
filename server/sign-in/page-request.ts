import type { Request, Response } from 'express';
import { refusal } from './decision';
import { arrivalOf, type Arrival } from './front-door';
import { refuseRequest } from './refuse';
import type { SignIn, Visitor } from './sign-in';

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

/** Answers and reports a form that was not made for this session: somebody else's, or one from before the last sign-in. */
export function refuseForm(signIn: SignIn, request: Request, response: Response): void {
  const { facts, visitor } = arrived(request);
  signIn.refused(facts, visitor, 'form_refused', 0);
  refuseRequest(request, response, facts, {
    ...refusal('origin'),
    error: 'form_refused',
    message: 'This form is not from a page of your session.',
    hint: 'Go back, load the page again and repeat what you did.',
  });
}

/** A field of a form, as one text. */
export function field(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}
