import {
  actorOfAddress,
  SmartsheetAnswerUnknown,
  SmartsheetRefused,
  UNKNOWN_ACTOR,
  type HangingsListed,
  type ListedHanging,
  type SheetRead,
  type SmartsheetClient,
} from '../../smartsheet';
import type {
  HangingList,
  HangingsCompared,
  KnownHanging,
  KnownHangings,
  ObservedObject,
  SeenHanging,
} from '../../store';
import { beginningOf, versionOf } from './hangings';

/** Things that are not listed any more are looked for one by one; of more than so many the rest has its turn later. */
const MOST_LOOKED_FOR = 100;
/** An event and a list may name seconds beside each other for one change. */
const SAME_CHANGE_MILLISECONDS = 2000;

/** Where a compare stands: what was known before, and the sheet as it was before its lists were read. */
export interface HangingsBefore {
  readonly sheet: SheetRead;
  readonly known: KnownHangings;
  readonly observedAt: string;
  /** No callback is expected any more that names who deleted this one, by its type and id. */
  readonly isOverdue: (hanging: string) => boolean;
}

/** What of a compare is done, and what is not told yet. */
export interface HangingsFound {
  readonly compared: Omit<HangingsCompared, 'audit_run_id' | 'found_by'>;
  /** Gone, and not told until a callback says by whom, or is overdue; by type and id. */
  readonly awaited: readonly string[];
}

/** All that one list holds. */
interface OfList {
  readonly objects: readonly ObservedObject[];
  readonly seen: readonly SeenHanging[];
  readonly gone: readonly KnownHanging[];
  readonly awaited: readonly string[];
  readonly problem: string | null;
}

/** Attachments hang on comments, too, so these come first. */
const LISTS: readonly HangingList[] = ['discussions', 'attachments'];

/** The comments that are there, each with its row; null where nobody can tell. */
type Comments = ReadonlyMap<string, string | null> | null;

/** How a thing is called among those that wait. */
export function nameOf({ type, object_id }: Pick<SeenHanging, 'type' | 'object_id'>): string {
  return `${type} ${object_id}`;
}

/**
 * Compares what Smartsheet lists with what is known. A list that was never read as a whole becomes known without a
 * change; one that cannot be read, or is too long, is told as such and costs the rest nothing.
 * @throws SmartsheetUnavailable, or SmartsheetRefused about the token: nothing can be asked now
 */
export async function compareHangings(before: HangingsBefore, client: SmartsheetClient): Promise<HangingsFound> {
  const { sheet, known } = before;
  const parts: (OfList & { readonly list: HangingList })[] = [];
  let comments: Comments = commentsIn(known.objects.map(({ object_id, row_id, type }) => [type, object_id, row_id]));
  for (const list of LISTS) {
    const earlier = known.lists.find((each) => each.list === list) ?? null;
    if (earlier?.version === sheet.version) continue;
    const read = await readList(list, sheet.id, client);
    if (list === 'discussions')
      comments = typeof read === 'string' ? null : commentsIn(read.map(({ id, rowId, type }) => [type, id, rowId]));
    const isKnown = earlier?.is_known === true;
    const found =
      typeof read === 'string' ? unreadable(read) : await compareList(list, isKnown, read, comments, before, client);
    parts.push({ list, ...found });
  }
  return {
    compared: {
      ...{ sheet_id: sheet.id, sheet_name: sheet.name },
      objects: parts.flatMap(({ objects }) => objects),
      seen: parts.flatMap(({ seen }) => seen),
      gone: parts.flatMap(({ gone }) => gone.map(({ type, object_id }) => ({ type, object_id }))),
      // What waits is looked for again: until then its list is not done.
      lists: parts
        .filter(({ awaited }) => awaited.length === 0)
        .map(({ list, problem }) => ({ list, version: sheet.version, problem })),
    },
    awaited: parts.flatMap(({ awaited }) => awaited),
  };
}

function commentsIn(things: readonly (readonly [string, string, string | null])[]): Comments {
  return new Map(things.flatMap(([type, id, rowId]) => (type === 'comment' ? [[id, rowId] as const] : [])));
}

function unreadable(problem: string): OfList {
  return { objects: [], seen: [], gone: [], awaited: [], problem };
}

async function compareList(
  list: HangingList,
  isKnownList: boolean,
  read: readonly ListedHanging[],
  comments: Comments,
  before: HangingsBefore,
  client: SmartsheetClient,
): Promise<OfList> {
  const isOfList = ({ type }: SeenHanging): boolean => (type === 'attachment') === (list === 'attachments');
  const known = new Map(before.known.objects.filter(isOfList).map((one) => [nameOf(one), one]));
  const listed = new Map(read.map((one) => [`${one.type} ${one.id}`, seenOf(one, comments)]));
  const missing = [...known.values()].filter((one) => !listed.has(nameOf(one)));
  const news = read.map((one) => ({ ...one, is: seenOf(one, comments), was: known.get(`${one.type} ${one.id}`) }));
  const seen = news.filter(isNews).map(({ is }) => is);
  // The first look at a list: what hangs there now is known from now on, and what does not was deleted before.
  if (!isKnownList) return { objects: [], seen, gone: missing, awaited: [], problem: null };
  const made = news.flatMap((one) => changesOf(one, before.observedAt));
  const holders = list === 'discussions' ? new Set(listed.keys()) : comments && namesOfComments(comments);
  const left = await lookFor(missing, holders, before, client);
  return { ...left, objects: [...made, ...left.objects], seen, problem: null };
}

function namesOfComments(comments: ReadonlyMap<string, string | null>): ReadonlySet<string> {
  return new Set([...comments.keys()].map((id) => `comment ${id}`));
}

/** @returns why it cannot be compared, as words that follow "attachments:" */
async function readList(
  list: HangingList,
  sheetId: string,
  client: SmartsheetClient,
): Promise<readonly ListedHanging[] | string> {
  try {
    const { items, isWhole }: HangingsListed =
      list === 'attachments' ? await client.listAttachments(sheetId) : await client.listDiscussions(sheetId);
    return isWhole ? items : 'the sheet has too many of them to list; only what callbacks tell is found';
  } catch (refusal) {
    const isRefused = refusal instanceof SmartsheetRefused && !refusal.isAboutToken;
    if (isRefused || refusal instanceof SmartsheetAnswerUnknown) return refusal.message.replace(/\.$/, '');
    throw refusal;
  }
}

/** A listed thing, as it is and as it was known. */
type News = ListedHanging & { readonly is: SeenHanging; readonly was: KnownHanging | undefined };

/** There is something about it that is not known yet. */
function isNews(one: News): boolean {
  const { is, was } = one;
  if (was === undefined || wasChanged(one, was)) return true;
  return is.row_id !== was.row_id || is.parent_id !== was.parent_id || is.text !== was.text;
}

function seenOf({ type, id, text, rowId, parentId, ...at }: ListedHanging, comments: Comments): SeenHanging {
  // Of an attachment to a comment its list does not say on which row that is.
  const row_id = rowId ?? (type === 'attachment' && parentId !== null ? (comments?.get(parentId) ?? null) : null);
  const modified_at = at.modifiedAt ?? at.createdAt;
  return { type, object_id: id, row_id, parent_id: parentId, text: beginningOf(text) || null, modified_at };
}

/** A comment was written anew after what is known of it. */
function wasChanged({ createdAt, modifiedAt, is }: News, was: KnownHanging): boolean {
  if (modifiedAt === null || was.modified_at === null || modifiedAt === createdAt) return false;
  const later = Date.parse(modifiedAt) - Math.floor(Date.parse(was.modified_at) / 1000) * 1000;
  return later > SAME_CHANGE_MILLISECONDS || (later > 0 && is.text !== was.text);
}

/** What became of a listed thing, as its callbacks would tell it: one that is new may have been written anew since. */
function changesOf(one: News, observedAt: string): readonly ObservedObject[] {
  const { is, was, createdAt, modifiedAt, createdBy } = one;
  const { type, object_id, row_id, parent_id, text } = is;
  // Only who wrote a comment can change it.
  const { name, kind } = actorOfAddress(createdBy);
  const change = (action: 'created' | 'updated', at: string): ObservedObject => ({
    ...{ type, object_id, action, version: versionOf(action, at), text, row_id, parent_id },
    ...{ changed_by: name, changed_by_kind: kind, changed_at: at },
  });
  const isRewritten = was === undefined ? createdAt !== null && modifiedAt !== createdAt : wasChanged(one, was);
  return [
    ...(was === undefined ? [change('created', createdAt ?? observedAt)] : []),
    ...(isRewritten && modifiedAt !== null ? [change('updated', modifiedAt)] : []),
  ];
}

/** Which of the things that are not listed any more were deleted: what went with its row or its discussion, that tells. */
async function lookFor(
  missing: readonly KnownHanging[],
  holders: ReadonlySet<string> | null,
  { sheet, observedAt, isOverdue }: HangingsBefore,
  client: SmartsheetClient,
): Promise<Pick<OfList, 'objects' | 'gone' | 'awaited'>> {
  const objects: ObservedObject[] = [];
  const gone: KnownHanging[] = [];
  const awaited: string[] = [];
  let lookedFor = 0;
  for (const one of missing) {
    if (one.row_is_gone || isGoneWith(one, holders)) {
      gone.push(one);
      continue;
    }
    lookedFor += isOverdue(nameOf(one)) ? 1 : 0;
    if (!isOverdue(nameOf(one)) || lookedFor > MOST_LOOKED_FOR) {
      awaited.push(nameOf(one));
      continue;
    }
    // A list that somebody changed while its pages were read may have left it out; and of a file only the last version is
    // listed.
    if (!(await isDeleted(sheet.id, one, client))) gone.push(one);
    else objects.push(deletion(one, observedAt));
  }
  return { objects, gone, awaited };
}

/** @param holders  by type and id, the discussions and comments that are there; null: nobody can tell */
function isGoneWith({ type, parent_id }: KnownHanging, holders: ReadonlySet<string> | null): boolean {
  if (parent_id === null || holders === null) return false;
  return !holders.has(`${type === 'comment' ? 'discussion' : 'comment'} ${parent_id}`);
}

function deletion({ type, object_id, row_id, parent_id }: KnownHanging, at: string): ObservedObject {
  const { name, kind } = UNKNOWN_ACTOR;
  return {
    ...{ type, object_id, action: 'deleted', version: versionOf('deleted', at), text: null, row_id, parent_id },
    ...{ changed_by: name, changed_by_kind: kind, changed_at: at },
  };
}

async function isDeleted(
  sheetId: string,
  { type, object_id }: KnownHanging,
  client: SmartsheetClient,
): Promise<boolean> {
  try {
    await client.hanging(sheetId, type, object_id);
    return false;
  } catch (refusal) {
    if (refusal instanceof SmartsheetRefused && refusal.isNotFound) return true;
    if (refusal instanceof SmartsheetRefused && !refusal.isAboutToken) return false;
    throw refusal;
  }
}
