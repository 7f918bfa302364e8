import { z } from 'zod';
import type { RowMoves } from './office/events';

export const REGIONS = ['us', 'eu', 'au', 'gov'] as const;
export type Region = (typeof REGIONS)[number];

/** What the account's plan and region decide. Can be changed while the sandbox runs; kept with its state. */
export interface Plan {
  /** Null: links lead to the sandbox's own pages. A region: they begin as that region's do, and lead nowhere. */
  region: Region | null;
  /** Whether `GET /events` is part of the plan. Nothing is noted while it is not. */
  eventReporting: boolean;
  rowMoves: RowMoves;
}

export const planSchema = z.strictObject({
  region: z.enum(REGIONS).nullable().optional(),
  eventReporting: z.boolean().optional(),
  rowMoves: z.enum(['deleted', 'moved']).optional(),
});

export const FIRST_PLAN: Plan = { region: null, eventReporting: false, rowMoves: 'deleted' };

const APP_HOSTS: Readonly<Record<Region, string>> = {
  us: 'https://app.smartsheet.com',
  eu: 'https://app.smartsheet.eu',
  au: 'https://app.smartsheet.au',
  gov: 'https://app.smartsheetgov.com',
};

/** What permalinks begin with. */
export function linkBase({ region }: Plan, address: string): string {
  return region === null ? address : APP_HOSTS[region];
}
