import type { Status, Stop } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { Change } from '../../lib/event';
import type { Ports } from '../../lib/ports';

interface WatchParams {
  readonly sheets: readonly string[];
  readonly publicUrl: string;
  readonly pollSeconds: number | null;
  readonly quick: boolean;
  readonly workspaces: string;
  readonly columns: readonly string[];
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
  const workspaceIds = workspacesIn(params.workspaces);
  if (params.sheets.length === 0 && workspaceIds.length === 0) throw new BadSetting('Sheets', 'names no sheet', HINT);
  return changes.subscribe(
    {
      sheetIds: checkedIds('Sheets', params.sheets),
      workspaceIds,
      columns: params.columns,
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

const HINT =
  'Enter ids of digits, with commas between them; in Smartsheet: File > Properties for a sheet, a workspace has its own under Properties too.';

/**
 * The workspaces that a field names, each once.
 * @param text  ids with commas or blanks between them
 * @throws BadSetting  when one is no id
 */
export function workspacesIn(text: string): readonly string[] {
  return [
    ...new Set(
      checkedIds(
        'Workspaces',
        text.split(/[,\s]+/).filter((id) => id !== ''),
      ),
    ),
  ];
}

function checkedIds(field: 'Sheets' | 'Workspaces', ids: readonly string[]): readonly string[] {
  const wrong = ids.find((id) => !/^\d{1,20}$/.test(id));
  const kind = field === 'Sheets' ? 'sheet' : 'workspace';
  if (wrong !== undefined) throw new BadSetting(field, `holds ${JSON.stringify(wrong)}, which is no ${kind} id`, HINT);
  return ids;
}
