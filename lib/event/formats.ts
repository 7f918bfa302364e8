import { z } from 'zod';

/** Ids are decimal strings everywhere, whatever JSON made of them. */
export const id = z.string().regex(/^\d{1,20}$/, 'must be an id of digits, as text');

/** `YYYY-MM-DDTHH:MM:SS.sssZ`. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'must be a time like 2026-01-31T09:00:00.000Z');

/** `YYYY-MM-DD`. */
export const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2026-01-31');

/** An exact decimal number as text, never in exponent form. */
export const decimal = z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a decimal number, as text');

/** 0..1 at six places; null where nothing made it. */
export const score = z.number().min(0).max(1).nullable();

/** A cell's value as Smartsheet gave it; null = empty. */
export const cellText = z.string().nullable();
