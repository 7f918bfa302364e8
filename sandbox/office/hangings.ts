import { randomBytes } from 'node:crypto';
import type { Attachment, Comment, Discussion, SaveBy } from './types';
import type { Office } from './office';
import type { Sheet } from './sheet';

/** What hangs on a sheet beside its cells: attachments, discussions and their comments. Each change is one save. */
export type NewAttachment = Pick<Attachment, 'name' | 'type' | 'parentType' | 'parentId' | 'url'> & {
  readonly content?: { readonly mimeType: string; readonly bytes: Buffer };
};

export function attach(office: Office, sheet: Sheet, { content, ...facts }: NewAttachment, by: SaveBy): Attachment {
  const file = content && {
    mimeType: content.mimeType,
    base64: content.bytes.toString('base64'),
    size: content.bytes.length,
    key: randomBytes(16).toString('hex'),
  };
  const attachment: Attachment = {
    ...facts,
    id: office.ids.next(),
    createdAt: by.at,
    createdBy: by.userId,
    ...(file === undefined ? {} : { file }),
  };
  sheet.attachments.set(attachment.id, attachment);
  office.save(sheet, by, [{ kind: 'attachment', id: attachment.id, eventType: 'created', about: attachment.name }]);
  return attachment;
}

export function detach(office: Office, sheet: Sheet, { id, name }: Attachment, by: SaveBy): void {
  sheet.attachments.delete(id);
  office.save(sheet, by, [{ kind: 'attachment', id, eventType: 'deleted', about: name }]);
}

/** Begins a discussion on a sheet or a row, with its first comment. */
export function discuss(
  office: Office,
  sheet: Sheet,
  { text, ...parent }: Pick<Discussion, 'parentType' | 'parentId'> & { readonly text: string },
  by: SaveBy,
): Discussion {
  const discussion: Discussion = { id: office.ids.next(), ...parent, comments: [] };
  const comment = newComment(office, text, by);
  discussion.comments.push(comment);
  sheet.discussions.set(discussion.id, discussion);
  office.save(sheet, by, [
    { kind: 'discussion', id: discussion.id, eventType: 'created' },
    { kind: 'comment', id: comment.id, eventType: 'created', about: String(discussion.id) },
  ]);
  return discussion;
}

export function comment(office: Office, sheet: Sheet, discussion: Discussion, text: string, by: SaveBy): Comment {
  const made = newComment(office, text, by);
  discussion.comments.push(made);
  office.save(sheet, by, [{ kind: 'comment', id: made.id, eventType: 'created', about: String(discussion.id) }]);
  return made;
}

export function rewrite(office: Office, sheet: Sheet, changed: Comment, text: string, by: SaveBy): void {
  changed.text = text;
  changed.modifiedAt = by.at;
  const about = String(sheet.discussionOf(changed.id)?.id ?? changed.id);
  office.save(sheet, by, [{ kind: 'comment', id: changed.id, eventType: 'updated', about }]);
}

/** Deletes a comment with its attachments; a discussion goes with its last one. */
export function uncomment(office: Office, sheet: Sheet, discussion: Discussion, gone: Comment, by: SaveBy): void {
  if (discussion.comments.length === 1) return endDiscussion(office, sheet, discussion, by);
  discussion.comments = discussion.comments.filter((other) => other !== gone);
  dropAttachments(sheet, gone.id);
  office.save(sheet, by, [{ kind: 'comment', id: gone.id, eventType: 'deleted', about: String(discussion.id) }]);
}

export function endDiscussion(office: Office, sheet: Sheet, discussion: Discussion, by: SaveBy): void {
  sheet.discussions.delete(discussion.id);
  for (const { id } of discussion.comments) dropAttachments(sheet, id);
  office.save(sheet, by, [{ kind: 'discussion', id: discussion.id, eventType: 'deleted' }]);
}

function newComment(office: Office, text: string, by: SaveBy): Comment {
  return { id: office.ids.next(), text, createdAt: by.at, createdBy: by.userId, modifiedAt: by.at };
}

function dropAttachments(sheet: Sheet, commentId: number): void {
  for (const { id, parentType, parentId } of sheet.attachments.values()) {
    if (parentType === 'COMMENT' && parentId === commentId) sheet.attachments.delete(id);
  }
}
