import { z } from 'zod';
import { attachmentView } from './attachments';
import { comment, discuss, endDiscussion, rewrite, uncomment } from '../office/hangings';
import { moment, writerView } from './views';
import { notFound, SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import { success, type Call } from './call';
import type { Comment, Discussion } from '../office/types';
import type { Sheet } from '../office/sheet';

const commentSchema = z.looseObject({ text: z.string().min(1).max(4_000) });

/** `GET /sheets/{s}/discussions[?include=comments,attachments]`, and those of one row. */
export function listDiscussions(call: Call): object {
  const sheet = call.sheet();
  const rowId = call.request.parameters['rowId'] === undefined ? undefined : call.row(sheet).id;
  const all = [...sheet.discussions.values()];
  const page = paged(call, rowId === undefined ? all : all.filter(({ parentId }) => parentId === rowId));
  const withComments = call.includes('comments');
  return { ...page, data: page.data.map((discussion) => discussionView(call, sheet, discussion, withComments)) };
}

/** `GET /sheets/{s}/discussions/{id}`, with its comments. */
export function getDiscussion(call: Call): object {
  const sheet = call.sheet();
  return discussionView(call, sheet, discussionOf(call, sheet), true);
}

/** `POST /sheets/{s}/discussions`, `.../rows/{r}/discussions` `{comment: {text}}`. */
export function createDiscussion(call: Call): object {
  const sheet = call.sheet('COMMENTER');
  const { comment: first } = call.body(z.looseObject({ comment: commentSchema }));
  const parent =
    call.request.parameters['rowId'] === undefined
      ? { parentType: 'SHEET' as const, parentId: sheet.id }
      : { parentType: 'ROW' as const, parentId: call.row(sheet).id };
  const made = discuss(call.world.office, sheet, { ...parent, text: first.text }, call.by);
  return success({ result: discussionView(call, sheet, made, true), version: sheet.version });
}

export function deleteDiscussion(call: Call): object {
  const sheet = call.sheet('EDITOR');
  endDiscussion(call.world.office, sheet, discussionOf(call, sheet), call.by);
  return success({ version: sheet.version });
}

/** `POST /sheets/{s}/discussions/{id}/comments {text}`. */
export function addComment(call: Call): object {
  const sheet = call.sheet('COMMENTER');
  const discussion = discussionOf(call, sheet);
  const made = comment(call.world.office, sheet, discussion, call.body(commentSchema).text, call.by);
  return success({ result: commentView(call, sheet, discussion, made), version: sheet.version });
}

/** `GET /sheets/{s}/comments/{id}`: how a callback's comment finds its row. */
export function getComment(call: Call): object {
  const sheet = call.sheet();
  const [discussion, found] = commentOf(call, sheet);
  return commentView(call, sheet, discussion, found);
}

/** `PUT /sheets/{s}/comments/{id} {text}`: by its author only. */
export function editComment(call: Call): object {
  const sheet = call.sheet('COMMENTER');
  const [discussion, found] = commentOf(call, sheet);
  if (found.createdBy !== call.user.id) {
    throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
  }
  rewrite(call.world.office, sheet, found, call.body(commentSchema).text, call.by);
  return success({ result: commentView(call, sheet, discussion, found), version: sheet.version });
}

export function deleteComment(call: Call): object {
  const sheet = call.sheet('COMMENTER');
  const [discussion, found] = commentOf(call, sheet);
  if (found.createdBy !== call.user.id && !call.world.office.may(call.user.id, sheet, 'ADMIN')) {
    throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
  }
  uncomment(call.world.office, sheet, discussion, found, call.by);
  return success({ version: sheet.version });
}

/** A discussion; its title is the beginning of its first comment. */
export function discussionView(call: Call, sheet: Sheet, discussion: Discussion, withComments: boolean): object {
  const { id, parentType, parentId, comments } = discussion;
  const first = comments[0];
  const last = comments.at(-1);
  const numeric = call.flag('numericDates');
  const { people } = call.world.office;
  return {
    id,
    title: (first?.text ?? '').slice(0, 100),
    parentType,
    parentId,
    commentCount: comments.length,
    readOnly: false,
    ...(first === undefined ? {} : { createdBy: writerView(people.writer(first.createdBy)) }),
    ...(last === undefined
      ? {}
      : {
          lastCommentedAt: moment(last.createdAt, numeric),
          lastCommentedUser: writerView(people.writer(last.createdBy)),
        }),
    ...(withComments ? { comments: comments.map((each) => commentView(call, sheet, discussion, each)) } : {}),
  };
}

function commentView(call: Call, sheet: Sheet, discussion: Discussion, shown: Comment): object {
  const numeric = call.flag('numericDates');
  const attachments = [...sheet.attachments.values()].filter(
    ({ parentType, parentId }) => parentType === 'COMMENT' && parentId === shown.id,
  );
  return {
    id: shown.id,
    discussionId: discussion.id,
    parentType: discussion.parentType,
    parentId: discussion.parentId,
    text: shown.text,
    createdBy: writerView(call.world.office.people.writer(shown.createdBy)),
    createdAt: moment(shown.createdAt, numeric),
    modifiedAt: moment(shown.modifiedAt, numeric),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map((each) => attachmentView(call, each)) }),
  };
}

function discussionOf(call: Call, sheet: Sheet): Discussion {
  const discussion = sheet.discussions.get(call.id('discussionId'));
  if (discussion === undefined) throw notFound();
  return discussion;
}

function commentOf(call: Call, sheet: Sheet): [Discussion, Comment] {
  const id = call.id('commentId');
  const discussion = sheet.discussionOf(id);
  const found = discussion?.comments.find((each) => each.id === id);
  if (discussion === undefined || found === undefined) throw notFound();
  return [discussion, found];
}
