import { z } from 'zod';
import { attach, comment, discuss } from '../office/hangings';
import { bySchema, idSchema, type Visit } from './visit';
import { ControlRefusal } from '../errors';
import type { NewAttachment } from '../office/hangings';
import type { Sheet } from '../office/sheet';

const attachmentSchema = z.strictObject({
  sheetId: idSchema,
  rowId: idSchema.optional(),
  commentId: idSchema.optional(),
  name: z.string().min(1),
  /** A link; without it a file of this text. */
  url: z.url().optional(),
  text: z.string().default(''),
  ...bySchema,
});

/** `POST /sandbox/attachments {sheetId, rowId? or commentId?, name, url? or text?, by?, at?}` -> `{id, version}`. */
export function addAttachment(visit: Visit): object {
  const body = visit.body(attachmentSchema);
  const sheet = visit.sheet(body.sheetId);
  const content =
    body.url === undefined
      ? { type: 'FILE' as const, content: { mimeType: 'text/plain', bytes: Buffer.from(body.text) } }
      : { type: 'LINK' as const, url: body.url };
  const facts = { name: body.name, ...parentOf(visit, sheet, body), ...content };
  const { id } = attach(visit.world.office, sheet, facts, visit.saveBy(body));
  return { id, sheetId: sheet.id, version: sheet.version };
}

const commentSchema = z.strictObject({
  sheetId: idSchema,
  rowId: idSchema.optional(),
  discussionId: idSchema.optional(),
  text: z.string().min(1).max(4_000),
  ...bySchema,
});

/** `POST /sandbox/comments {sheetId, rowId? or discussionId?, text, by?, at?}`: without `discussionId` a new discussion. */
export function addComment(visit: Visit): object {
  const body = visit.body(commentSchema);
  const { office } = visit.world;
  const sheet = visit.sheet(body.sheetId);
  const by = visit.saveBy(body);
  if (body.discussionId === undefined) {
    const parent =
      body.rowId === undefined
        ? { parentType: 'SHEET' as const, parentId: sheet.id }
        : { parentType: 'ROW' as const, parentId: visit.row(sheet, body.rowId).id };
    const { id, comments } = discuss(office, sheet, { ...parent, text: body.text }, by);
    return { discussionId: id, commentId: comments[0]?.id, version: sheet.version };
  }
  const discussion = sheet.discussions.get(body.discussionId);
  if (discussion === undefined) {
    throw new ControlRefusal(`There is no discussion ${body.discussionId}.`, 'Begin one without discussionId.', 404);
  }
  const { id } = comment(office, sheet, discussion, body.text, by);
  return { discussionId: discussion.id, commentId: id, version: sheet.version };
}

function parentOf(
  visit: Visit,
  sheet: Sheet,
  { rowId, commentId }: z.infer<typeof attachmentSchema>,
): Pick<NewAttachment, 'parentType' | 'parentId'> {
  if (rowId !== undefined) return { parentType: 'ROW', parentId: visit.row(sheet, rowId).id };
  if (commentId === undefined) return { parentType: 'SHEET', parentId: sheet.id };
  if (sheet.discussionOf(commentId) !== undefined) return { parentType: 'COMMENT', parentId: commentId };
  throw new ControlRefusal(`There is no comment ${commentId}.`, 'POST /sandbox/comments makes one.', 404);
}
