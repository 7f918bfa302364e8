import { z } from 'zod';
import { receive, wire, type Emit, type Params, type Status } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import { change, type auditEvent } from '../../lib/event';
import { id } from '../../lib/event/formats';
import type { Ports } from '../../lib/ports';
import { approve, approvedText } from './approve';
import { checkKnownSheet } from './check-sheet';
import { watchColumns } from './column-watch';
import type { billingRulesFields } from './fields';
import { judge } from './judge';
import { keepRules } from './keep-rules';
import { rulesFrom } from './rules';

type Judged = Emit<{ judged: typeof auditEvent }>;

/** What asks for a check: a sheet's id. Anything without one (a tick, an inject) checks the sheets of the node. */
export const sheetCheck = wire('sheet-check', z.object({ sheet_id: id }));

/** What to say under the node of a value that it gave. */
const warningsOf = new WeakMap<Judged, readonly string[]>();
const approvedBy = new WeakMap<Judged, string>();

/**
 * Judges a change, checks sheets, or records an approval (and gives nothing then), as the node's operation says.
 * @throws WrongMessageType  when `judge` gets something that is no change, or `approve` no approval
 * @throws BadSetting        when a field cannot be used, or no sheet is named for a check
 * @throws UnknownSheet, MissingColumns  by a check
 * @throws MayNotApprove, OwnCorrection, ApprovalEndsBeforeItBegins  by an approval
 */
export async function applyRules(
  input: unknown,
  params: Params<typeof billingRulesFields>,
  ports: Ports,
): Promise<Judged> {
  const rules = rulesFrom(params, ports.settings);
  if (params.operation !== 'approve') await keepRules(rules, ports);
  if (params.operation === 'check') {
    const checked = await Promise.all(
      sheetsToCheck(input, params.sheets).map((sheetId) => checkKnownSheet(sheetId, rules, ports)),
    );
    return { judged: checked.flat() };
  }
  if (params.operation === 'approve') {
    const approval = await approve(input, params, rules.settings, ports);
    const nothing: Judged = {};
    approvedBy.set(nothing, approvedText(approval, rules.settings));
    return nothing;
  }
  const received = receive(change, input);
  const warnings = await watchColumns(received, rules, ports);
  const judged = { judged: await judge(received, rules, ports) };
  warningsOf.set(judged, warnings);
  return judged;
}

/** The worst that is known of what was judged last. */
export function judgedStatus(emitted: Judged): Status {
  const approved = approvedBy.get(emitted);
  if (approved !== undefined) return { state: 'ok', text: approved };
  const [warning] = warningsOf.get(emitted) ?? [];
  if (warning !== undefined) return { state: 'warning', text: warning };
  const events = emitted.judged === undefined ? [] : [emitted.judged].flat();
  const violations = events.filter(({ violation_type }) => !['NONE', 'APPROVED_CORRECTION'].includes(violation_type));
  const [worst] = violations;
  if (worst === undefined)
    return { state: 'ok', text: events.length === 1 ? 'nothing wrong' : `${events.length} found` };
  return {
    state: 'ok',
    text: violations.length === 1 ? `${worst.severity} ${worst.violation_type}` : `${violations.length} violations`,
  };
}

function sheetsToCheck(input: unknown, configured: readonly string[]): readonly string[] {
  if (typeof input === 'object' && input !== null && 'sheet_id' in input) return [receive(sheetCheck, input).sheet_id];
  if (configured.length > 0) return configured;
  throw new BadSetting('Sheets to check', 'is empty', 'Name a sheet there, or send a message with its sheet_id.');
}
