import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';
import { listSheets, oneTry } from '../../../lib/smartsheet';
import { nodeError } from './errors';
import { openSmartsheet } from './smartsheet';
import { openStore } from './store';

/** What the store tells of the sheets that it has seen (`billing_audit_known_sheets`). */
interface KnownSheets {
  readonly sheets: readonly {
    readonly sheet_id: string;
    readonly name: string;
    readonly columns: readonly string[];
  }[];
}

/**
 * The sheets that the Smartsheet credential can see, by a part of their name, id or workspace. Where a server reads the
 * sheets the form asks for no such credential: then those that the store has seen.
 */
export async function searchSheets(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
  if (this.getCurrentNodeParameter('reading') === 'server') return searchKnownSheets.call(this, filter);
  return told(this, async () => {
    const { exchange } = await openSmartsheet(this, null);
    // Somebody waits in front of the form: what goes wrong is said at once.
    const found = await listSheets(oneTry(exchange), { name: filter });
    return {
      results: found.map(({ id, name, workspace }) => ({
        name: workspace === null ? name : `${name} (${workspace})`,
        value: id,
      })),
    };
  });
}

/** The sheets that the store has seen, by a part of their name. */
export async function searchKnownSheets(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
  return told(this, async () => {
    const { sheets } = await knownSheets(this, filter);
    return { results: sheets.map(({ sheet_id, name }) => ({ name, value: sheet_id })) };
  });
}

/** The titles of all columns that the store has seen, each once. */
export async function listKnownColumns(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
  return told(this, async () => {
    const { sheets } = await knownSheets(this, '');
    const titles = [...new Set(sheets.flatMap(({ columns }) => columns))].toSorted();
    return titles.map((title) => ({ name: title, value: title }));
  });
}

async function knownSheets(context: ILoadOptionsFunctions, text: string): Promise<KnownSheets> {
  const { driver } = await openStore(context);
  return (await driver.rpc('billing_audit_known_sheets', { text })) as KnownSheets;
}

async function told<Value>(context: ILoadOptionsFunctions, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (thrown) {
    throw nodeError(context.getNode(), thrown);
  }
}
