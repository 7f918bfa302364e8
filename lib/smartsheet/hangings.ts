import { z } from 'zod';
import { understood } from './answers';
import { ask, type Exchange } from './exchange';

/** What hangs on a row or a sheet beside its cells. */
export const HANGING_TYPES = ['attachment', 'discussion', 'comment'] as const;
export type HangingType = (typeof HANGING_TYPES)[number];

/** What Smartsheet tells of it. */
export interface Hanging {
  /** The name of a file or link, the words of a comment, the title of a discussion. */
  readonly text: string;
  /** Null: it hangs on the sheet as a whole. */
  readonly rowId: string | null;
}

export interface HangingCalls {
  /** A callback names an attachment, a comment or a discussion by its id only: this says what it is and on which row. */
  hanging(sheetId: string, type: HangingType, id: string): Promise<Hanging>;
}

const id = z.union([z.number(), z.string()]).transform(String);
const answer = z.object({
  name: z.string().optional(),
  title: z.string().optional(),
  text: z.string().optional(),
  parentType: z.string().optional(),
  parentId: id.optional(),
  discussionId: id.optional(),
});

export function hangingCalls(exchange: Exchange): HangingCalls {
  const read = async (sheetId: string, type: HangingType, hangingId: string): Promise<z.output<typeof answer>> => {
    const what = `read ${type} ${hangingId} of sheet ${sheetId}`;
    const path = `sheets/${sheetId}/${type}s/${hangingId}`;
    return understood(answer, await ask(exchange, { method: 'GET', path, what }), what);
  };
  const rowOf = async (sheetId: string, found: z.output<typeof answer>): Promise<string | null> => {
    const { parentType, parentId, discussionId } = found;
    if (parentType === 'ROW') return parentId ?? null;
    if (parentType === 'COMMENT' && parentId !== undefined)
      return rowOf(sheetId, await read(sheetId, 'comment', parentId));
    // A comment may name only its discussion, which knows where it hangs.
    if (parentType === undefined && discussionId !== undefined)
      return rowOf(sheetId, await read(sheetId, 'discussion', discussionId));
    return null;
  };
  return {
    async hanging(sheetId, type, hangingId) {
      const found = await read(sheetId, type, hangingId);
      return { text: found.text ?? found.name ?? found.title ?? '', rowId: await rowOf(sheetId, found) };
    },
  };
}
