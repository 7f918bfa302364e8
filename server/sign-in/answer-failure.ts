import type { ErrorRequestHandler } from 'express';
import type { Refusal } from './decision';
import { arrived } from './page-request';
import { refuseRequest } from './refuse';

/**
 * Ends a route's failure with a page for people and JSON for programs. Never with a stack: what went wrong inside is for
 * the log.
 */
export function answerFailure(onFailure: (failure: unknown) => void): ErrorRequestHandler {
  return (failure: unknown, request, response, next) => {
    if (response.headersSent) return next(failure);
    const given = (failure as { status?: unknown }).status;
    const unreadable = typeof given === 'number' && given >= 400 && given < 500;
    if (!unreadable) onFailure(failure);
    refuseRequest(request, response, arrived(request).facts, unreadable ? { ...UNREADABLE, status: given } : FAILED);
  };
}

const UNREADABLE: Refusal = {
  status: 400,
  error: 'form_unreadable',
  message: 'This form could not be read.',
  hint: 'Go back, load the page again and repeat what you did.',
};
const FAILED: Refusal = {
  status: 500,
  error: 'internal',
  message: 'This could not be done.',
  hint: 'The log of this server says why.',
};
