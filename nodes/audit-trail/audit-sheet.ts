import type { Params, Stop } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { Ports } from '../../lib/ports';
import type { auditTrailFields } from './fields';
import { USUAL_SHEET_ROWS } from './fields';

const NOTHING: Stop = () => Promise.resolve();

/**
 * Begins to hand recorded events on to a sheet, where the node asks for that.
 * @throws BadSetting  when there is no token, or no sheet is chosen; recording is not affected
 * @throws SecondAuditSheet  when another node has asked for it already
 */
export async function beginAuditSheet(
  { operation, auditSheet, auditSheetId, auditSheetRows }: Params<typeof auditTrailFields>,
  { auditSheet: desk, credentials, nodeId = 'audit-trail' }: Pick<Ports, 'auditSheet' | 'credentials' | 'nodeId'>,
): Promise<Stop> {
  if (operation !== 'append' || auditSheet === 'off' || !desk) return NOTHING;
  const { token = '', base = '' } = credentials['smartsheet'] ?? {};
  if (token.trim() === '') {
    throw new BadSetting(
      'Smartsheet',
      'has no access token, which writing to a sheet needs',
      'Choose a Smartsheet credential with a token, or set SMARTSHEET_ACCESS_TOKEN.',
    );
  }
  const [chosen] = auditSheetId;
  if (auditSheet === 'choose' && chosen === undefined) {
    throw new BadSetting('Audit sheet', 'is not chosen', 'Open Audit Trail and choose a sheet, or let one be made.');
  }
  return desk.enlist({
    asker: nodeId,
    sheetId: auditSheet === 'choose' ? (chosen ?? null) : null,
    mostRows: auditSheetRows ?? USUAL_SHEET_ROWS,
    smartsheet: { token: token.trim(), base },
  });
}
