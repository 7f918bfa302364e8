import type { Status, Stop } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { Change } from '../../lib/event';
import type { Ports } from '../../lib/ports';

interface WatchParams {
  readonly sheets: readonly string[];
  readonly publicUrl: string;
  readonly pollSeconds: number | null;
  readonly quick: boolean;
}

/**
 * Watches sheets until it is stopped, and sends each change by itself. Outages do not end it; the status tells of them.
 * @throws BadSetting  when a field or the credential cannot work as it stands
 */
export async function watch(
  params: WatchParams,
  { changes, credentials }: Pick<Ports, 'changes' | 'credentials'>,
  send: (emitted: { readonly changes: Change }) => void,
  show: (status: Status) => void,
): Promise<Stop> {
  const { token = '', base = '' } = credentials['smartsheet'] ?? {};
  if (token.trim() === '') {
    throw new BadSetting(
      'Smartsheet',
      'has no access token',
      'Choose a Smartsheet credential with a token, or set SMARTSHEET_ACCESS_TOKEN.',
    );
  }
  return changes.subscribe(
    {
      sheetIds: checkedSheets(params.sheets),
      smartsheet: { token: token.trim(), base },
      publicUrl: params.publicUrl.trim() === '' ? null : params.publicUrl,
      pollSeconds: params.pollSeconds ?? 60,
      quick: params.quick,
    },
    (found) => {
      for (const one of found) send({ changes: one });
    },
    show,
  );
}

function checkedSheets(ids: readonly string[]): readonly string[] {
  const hint = 'Enter sheet ids of digits, with commas between them; in Smartsheet: File > Properties.';
  if (ids.length === 0) throw new BadSetting('Sheets', 'names no sheet', hint);
  const wrong = ids.find((id) => !/^\d{1,20}$/.test(id));
  if (wrong !== undefined) throw new BadSetting('Sheets', `holds ${JSON.stringify(wrong)}, which is no sheet id`, hint);
  return ids;
}
