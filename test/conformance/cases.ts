import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NodeDefinition } from '../../lib/define';
import { nodes } from '../../nodes';

/** The nodes that cases can be about. */
export const actionNames: readonly string[] = (nodes as readonly NodeDefinition[])
  .filter(({ role }) => role === 'action')
  .map(({ name }) => name);

/** What the store knows before the node runs; every part can be seeded through a real store. */
const factsSchema = z.strictObject({
  approvals: z
    .array(
      z.strictObject({
        sheet_id: z.string(),
        row_ids: z.array(z.string()).default([]),
        work_requests: z.array(z.string()).default([]),
        columns: z.array(z.string()).default([]),
        people: z.array(z.string()).default([]),
        from: z.string(),
        to: z.string(),
        reason: z.string().default('wrong price'),
        ticket: z.string().nullable().default(null),
        approver: z.string().default('boss@example.com'),
      }),
    )
    .default([]),
  people: z
    .array(
      z.strictObject({
        email: z.string(),
        name: z.string().nullable().default(null),
        role: z.string().nullable().default(null),
        access_level: z.number().nullable().default(null),
        supervisor: z.string().nullable().default(null),
        department: z.string().nullable().default(null),
        last_review_at: z.string().nullable().default(null),
        active: z.boolean().default(true),
      }),
    )
    .default([]),
  /** Events of people that are in the trail already. */
  earlier: z.array(z.strictObject({ changed_by: z.string(), changed_at: z.string() })).default([]),
  /** Sheets as last known. */
  sheets: z
    .array(
      z.strictObject({
        sheet_id: z.string(),
        name: z.string(),
        columns: z.record(z.string(), z.string()),
        rows: z.array(z.strictObject({ row_id: z.string(), cells: z.record(z.string(), z.string().nullable()) })),
      }),
    )
    .default([]),
  /** Whole events that are in the trail already, in order: fields over the base event. */
  trail: z.array(z.record(z.string(), z.unknown())).default([]),
  /** Access events that were recorded, in order: fields over the base event. */
  access: z.array(z.record(z.string(), z.unknown())).default([]),
});

const caseSchema = z.strictObject({
  node: z.string().refine((name) => actionNames.includes(name), 'is no node that takes messages'),
  /** A sentence. */
  name: z.string(),
  /** Fields of Billing settings, as a form gives them. */
  settings: z.record(z.string(), z.unknown()).default({}),
  /** Fields of the node; those left out have their defaults. */
  params: z.record(z.string(), z.unknown()).default({}),
  facts: factsSchema.prefault({}),
  /** The present; only a check and the trail look at it. */
  now: z.iso.datetime().default('2026-02-03T18:00:00.000Z'),
  /** Laid over the base change (billing-rules) or the base event; `null` base fields are given as they are. */
  input: z.unknown(),
  /** True: `input` is what arrives, with no base under it. */
  raw: z.boolean().default(false),
  /** By output: null = nothing comes out, else what comes out has at least these fields with exactly these values. */
  output: z
    .record(
      z.string(),
      z.union([z.null(), z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))]),
    )
    .optional(),
  /** Texts that must stand somewhere in `issue_description`, `suggested_fix` or the sentences of `reasons`. */
  says: z.array(z.string()).default([]),
  error: z.strictObject({ code: z.string(), says: z.array(z.string()).default([]) }).optional(),
});

const fileSchema = z.strictObject({ base: z.record(z.string(), z.unknown()), cases: z.array(caseSchema) });

export type ConformanceCase = z.infer<typeof caseSchema>;
export type ConformanceFacts = z.infer<typeof factsSchema>;

/** A store that knows nothing. */
export const noFacts: ConformanceFacts = factsSchema.parse({});

/**
 * Reads all cases of `test/conformance/*.json`. They are written by hand, never made from the code.
 * @returns each with its whole input: the file's base with the case's fields over it
 */
export function conformanceCases(folder: string = __dirname): readonly ConformanceCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const { base, cases } = fileSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      return cases.map((each) => {
        const over = typeof each.input === 'object' && each.input !== null ? each.input : {};
        const trail = each.facts.trail.map((event) => ({ ...base, ...event }));
        const access = each.facts.access.map((event) => ({ ...base, ...event }));
        return {
          ...each,
          input: each.raw ? each.input : { ...base, ...over },
          facts: { ...each.facts, trail, access },
        };
      });
    });
}
