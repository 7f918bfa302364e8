import { newAccessEventSchema } from '../../lib/access';
import { auditEventSchema } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import type { BillingSettings } from '../../lib/settings';
import { fakePorts } from '../support/fake-ports';
import type { ConformanceFacts } from './cases';

export interface CaseWorld {
  readonly settings: BillingSettings;
  readonly facts: ConformanceFacts;
  readonly now: string;
}

/** Ports over plain lists, which know what a case says is known. */
export function casePorts({ settings, facts, now }: CaseWorld): Ports {
  return fakePorts({
    settings,
    now,
    facts: {
      approvals: facts.approvals.map((approval, index) => ({ ...approval, id: String(index + 1) })),
      people: facts.people,
      earlier: facts.earlier,
      sheets: facts.sheets.map((sheet) => ({
        ...sheet,
        version: 1,
        row_count: sheet.rows.length,
        compared_at: null,
        rows: sheet.rows.map((row) => ({ ...row, version: 1, modified_at: null })),
      })),
      trail: facts.trail.map((event) => auditEventSchema.parse(event)),
      access: facts.access.map((event) => newAccessEventSchema.parse(event)),
    },
  });
}
