import type { AuditEvent } from '../../lib/event';
import { lineOf } from '../../server/cli/event-line';
import { queryOf } from '../../server/cli/search-query';
import { event } from '../store/examples';

const base = { order: 'newest', limit: '50' } as const;
const markOf = (...parts: readonly unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64');
const MARK = markOf('newest', '2026-01-05 09:00:00+00', 7);

describe('billing-audit search', () => {
  it('asks the store for what its flags say, in the words of the trail', () => {
    const flags = {
      ...base,
      changedBy: 'ana@example.com',
      riskFrom: '0.7',
      isHistorical: 'false',
      from: '2026-01-05T03:00:00-06:00',
      weekEnding: '2026-01-11',
      after: MARK,
    };
    expect(queryOf(flags)).toEqual({
      changed_by: 'ana@example.com',
      risk_from: 0.7,
      is_historical: false,
      from: '2026-01-05T09:00:00.000Z',
      week_ending: '2026-01-11',
      after: MARK,
      order: 'newest',
      limit: 50,
    });
  });

  it('takes words of the trail in any case', () => {
    expect(queryOf({ ...base, kind: 'access' })).toMatchObject({ kind: 'access' });
    expect(
      queryOf({ ...base, severity: 'high', violationType: 'watch_gap', changedByKind: 'Api_Client' }),
    ).toMatchObject({
      severity: 'HIGH',
      violation_type: 'WATCH_GAP',
      changed_by_kind: 'api_client',
    });
  });

  it.each([
    ['--severity', { severity: 'critical' }],
    ['--violation-type', { violationType: 'HISTORICAL' }],
    ['--kind', { kind: 'cell' }],
    ['--changed-by-kind', { changedByKind: 'robot' }],
    ['--sheet-id', { sheetId: 'Billing - Coast' }],
    ['--row-id', { rowId: 'r1' }],
    ['--rules-hash', { rulesHash: '7807f6f8' }],
    ['--currency', { currency: 'dollars' }],
    ['--limit', { limit: '0' }],
    ['--limit', { limit: 'many' }],
    ['--risk-from', { riskFrom: '70' }],
    ['--risk-from', { riskFrom: 'high' }],
    ['--is-historical', { isHistorical: 'yes' }],
    ['--from', { from: 'yesterday' }],
    ['--recorded-to', { recordedTo: '2026-13-01' }],
    ['--week-ending', { weekEnding: '11 January' }],
    ['--after', { after: 'garbage' }],
    ['--after', { after: '' }],
    ['--after', { after: MARK.slice(0, -8) }],
    ['--after', { after: `${MARK} and more` }],
    ['--after', { after: markOf('newest', '2026-01-05 09:00:00+00') }],
    ['--after', { after: MARK, order: 'delta' as const }],
  ])('says what is wrong with %s %j, and how to write it', (flag, wrong) => {
    expect(() => queryOf({ ...base, ...wrong })).toThrow(
      expect.objectContaining({ code: 'bad_setting', message: expect.stringContaining(flag) as string }),
    );
  });
});

describe('a line of billing-audit search', () => {
  const told = (more: Partial<AuditEvent>): string => lineOf(event('e:1', more));

  it('tells a cell by its values', () => {
    const cell = { old_value: '4', new_value: null, column_name: 'Quantity', row_id: '7', sheet_name: 'May' };
    expect(told(cell)).toMatch(/May \/ 7 \/ Quantity {2}"4" -> null {2}/);
  });

  it('tells a sign-in, a deploy or an erasure by what happened, since it has no values', () => {
    const act = {
      kind: 'person_saved',
      sheet_id: '0',
      sheet_name: '',
      row_id: null,
      column_name: null,
      old_value: null,
      new_value: null,
      issue_description: 'Ana was saved by Kim.',
    } as const;
    const line = told(act);
    expect(line).toContain('  -  person_saved: Ana was saved by Kim.  ');
    expect(line).not.toContain('null');
  });
});
