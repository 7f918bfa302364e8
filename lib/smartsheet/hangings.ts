import { z } from 'zod';
import { understood } from './answers';
import { ask, type Exchange } from './exchange';
import { toInstant } from './instants';

/** What hangs on a row or a sheet beside its cells. */
export const HANGING_TYPES = ['attachment', 'discussion', 'comment'] as const;
export type HangingType = (typeof HANGING_TYPES)[number];

/** What Smartsheet tells of it. */
export interface Hanging {
  /** The name of a file or link, the words of a comment, the title of a discussion. */
  readonly text: string;
  /** Null: it hangs on the sheet as a whole. */
  readonly rowId: string | null;
  /** The discussion of a comment, the comment of an attachment; null: none. */
  readonly parentId: string | null;
}

/** One of a list. */
export interface ListedHanging extends Hanging {
  readonly type: HangingType;
  readonly id: string;
  /** Null where Smartsheet does not say. */
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  /** Of a comment; null for what has no such time. */
  readonly modifiedAt: string | null;
}

/** A list that is longer than anybody wants to read has `isWhole` false, and what was not read is missing. */
export interface HangingsListed {
  readonly items: readonly ListedHanging[];
  readonly isWhole: boolean;
}

export interface HangingCalls {
  /** A callback names an attachment, a comment or a discussion by its id only: this says what it is and on which row. */
  hanging(sheetId: string, type: HangingType, id: string): Promise<Hanging>;
  /** The attachments of a sheet, its rows and its comments; of a comment's its row is null. */
  listAttachments(sheetId: string): Promise<HangingsListed>;
  /** The discussions of a sheet and its rows, with their comments. */
  listDiscussions(sheetId: string): Promise<HangingsListed>;
}

/** So many pages of a list are read at most: each is a request of the token's budget. */
export const MOST_LIST_PAGES = 50;
export const HANGINGS_PER_PAGE = 100;

const id = z.union([z.number(), z.string()]).transform(String);
const instant = z.unknown().optional().transform(toInstant);
const writer = z
  .looseObject({ email: z.string().nullish() })
  .nullish()
  .transform((value) => value?.email ?? null);
const answer = z.object({
  name: z.string().optional(),
  title: z.string().optional(),
  text: z.string().optional(),
  parentType: z.string().optional(),
  parentId: id.optional(),
  discussionId: id.optional(),
});

const listed = z.object({
  id,
  parentType: z.string().optional(),
  parentId: id.optional(),
  createdAt: instant,
  createdBy: writer,
});
const attachment = listed.extend({ name: z.string().default('') });
const comment = z.object({
  id,
  text: z.string().default(''),
  createdAt: instant,
  createdBy: writer,
  modifiedAt: instant,
});
const discussion = listed.extend({ title: z.string().default(''), comments: z.array(comment).default([]) });
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ totalCount: z.number().nullish(), totalPages: z.number().nullish(), data: z.array(item) });
const attachmentPage = pageOf(attachment);
const discussionPage = pageOf(discussion);

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
      const { text, name, title, discussionId, parentType, parentId } = found;
      const holder = parentType === 'COMMENT' ? parentId : discussionId;
      return { text: text ?? name ?? title ?? '', rowId: await rowOf(sheetId, found), parentId: holder ?? null };
    },
    listAttachments: (sheetId) => listAttachments(exchange, sheetId),
    listDiscussions: (sheetId) => listDiscussions(exchange, sheetId),
  };
}

type Placed = Pick<z.output<typeof listed>, 'parentType' | 'parentId'>;

function rowNamedBy({ parentType, parentId }: Placed): string | null {
  return parentType === 'ROW' ? (parentId ?? null) : null;
}

async function listAttachments(exchange: Exchange, sheetId: string): Promise<HangingsListed> {
  const what = `list the attachments of sheet ${sheetId}`;
  const { items, isWhole } = await pages(async (query) => {
    const path = `sheets/${sheetId}/attachments?${query}`;
    return understood(attachmentPage, await ask(exchange, { method: 'GET', path, what }), what);
  });
  const all = items.map((one): ListedHanging => {
    const parentId = one.parentType === 'COMMENT' ? (one.parentId ?? null) : null;
    const { createdAt, createdBy } = one;
    const when = { createdAt, createdBy, modifiedAt: null };
    return { type: 'attachment', id: one.id, text: one.name, rowId: rowNamedBy(one), parentId, ...when };
  });
  return { items: all, isWhole };
}

async function listDiscussions(exchange: Exchange, sheetId: string): Promise<HangingsListed> {
  const what = `list the comments of sheet ${sheetId}`;
  const { items, isWhole } = await pages(async (query) => {
    const path = `sheets/${sheetId}/discussions?include=comments&${query}`;
    return understood(discussionPage, await ask(exchange, { method: 'GET', path, what }), what);
  });
  const all = items.flatMap((one): ListedHanging[] => {
    const rowId = rowNamedBy(one);
    // A discussion begins with its first comment, and has no time of its own.
    const [first] = [...one.comments].sort((left, right) => compared(left.createdAt, right.createdAt));
    const begun = {
      createdAt: one.createdAt ?? first?.createdAt ?? null,
      createdBy: one.createdBy ?? first?.createdBy ?? null,
    };
    const said = one.comments.map(({ id: commentId, text, ...when }): ListedHanging => {
      return { type: 'comment', id: commentId, text, rowId, parentId: one.id, ...when };
    });
    return [
      { type: 'discussion', id: one.id, text: one.title, rowId, parentId: null, ...begun, modifiedAt: null },
      ...said,
    ];
  });
  return { items: all, isWhole };
}

function compared(left: string | null, right: string | null): number {
  return (left ?? '').localeCompare(right ?? '');
}

interface Page<Item> {
  readonly totalPages?: number | null | undefined;
  readonly data: readonly Item[];
}

/** A page may be short, empty, or repeat the last one when there is nothing more (reference §1): it ends at no news. */
async function pages<Item extends { readonly id: string }>(
  read: (query: string) => Promise<Page<Item>>,
): Promise<{ readonly items: readonly Item[]; readonly isWhole: boolean }> {
  const items = new Map<string, Item>();
  for (let page = 1; page <= MOST_LIST_PAGES; page += 1) {
    const { data, totalPages } = await read(`page=${page}&pageSize=${HANGINGS_PER_PAGE}`);
    // Nobody reads fifty pages of a thousand each time, to compare nothing in the end.
    if (typeof totalPages === 'number' && totalPages > MOST_LIST_PAGES) return { items: [...data], isWhole: false };
    const before = items.size;
    for (const item of data) items.set(item.id, item);
    const isLast = typeof totalPages === 'number' ? page >= totalPages : data.length < HANGINGS_PER_PAGE;
    if (isLast || items.size === before) return { items: [...items.values()], isWhole: true };
  }
  return { items: [...items.values()], isWhole: false };
}
