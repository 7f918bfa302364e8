import { z } from 'zod';
import { ATTACHMENT_TYPES } from '../office/types';
import { attach, detach, type NewAttachment } from '../office/hangings';
import { moment, writerView } from './views';
import { notFound, SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import { success, type Call } from './call';
import type { Attachment } from '../office/types';
import type { Sheet } from '../office/sheet';

const MOST_BYTES = 30 * 1024 * 1024;
const URL_VALID_MILLISECONDS = 120_000;
/** Of these alone Smartsheet Gov takes attachments (reference §7.3). */
const GOV_TYPES = ['BOX_COM', 'FILE', 'GOOGLE_DRIVE', 'LINK', 'ONEDRIVE'];

const linkSchema = z.looseObject({
  name: z.string().min(1).max(200),
  url: z.url().max(2_000),
  attachmentType: z.enum(ATTACHMENT_TYPES).exclude(['FILE']),
});

type Parent = Pick<Attachment, 'parentType' | 'parentId'>;

/** `GET /sheets/{s}/attachments`, and those of one row. */
export function listAttachments(call: Call): object {
  const sheet = call.sheet();
  const all = [...sheet.attachments.values()];
  const rowId = call.request.parameters['rowId'] === undefined ? undefined : call.row(sheet).id;
  const ofRow = all.filter(({ parentType, parentId }) => parentType === 'ROW' && parentId === rowId);
  const page = paged(call, rowId === undefined ? all : ofRow);
  return { ...page, data: page.data.map((attachment) => attachmentView(call, attachment)) };
}

/** `GET /sheets/{s}/attachments/{id}`: with an address to fetch the file from. */
export function getAttachment(call: Call): object {
  const sheet = call.sheet();
  const attachment = attachmentOf(call, sheet);
  const { file } = attachment;
  call.world.activity.note(
    {
      objectType: 'ATTACHMENT',
      action: 'LOAD',
      objectId: attachment.id,
      details: { sheetId: sheet.id },
      sheetId: sheet.id,
    },
    call.by,
  );
  return {
    ...attachmentView(call, attachment),
    ...(file === undefined
      ? {}
      : {
          url: `${call.world.address}/files/${sheet.id}/${attachment.id}/${file.key}`,
          urlExpiresInMillis: URL_VALID_MILLISECONDS,
        }),
  };
}

/** `POST /sheets/{s}/attachments`, `.../rows/{r}/attachments`, `.../comments/{c}/attachments`: a file, or a link as JSON. */
export function addAttachment(call: Call): object {
  const sheet = call.sheet('EDITOR');
  const facts = { ...parentOf(call, sheet), ...contentOf(call) };
  return success({
    result: attachmentView(call, attach(call.world.office, sheet, facts, call.by)),
    version: sheet.version,
  });
}

export function deleteAttachment(call: Call): object {
  const sheet = call.sheet('EDITOR');
  detach(call.world.office, sheet, attachmentOf(call, sheet), call.by);
  return success({ version: sheet.version });
}

/** An attachment as lists show it, without the address of its file. */
export function attachmentView(call: Call, attachment: Attachment): object {
  const { id, name, type, parentType, parentId, url, file } = attachment;
  return {
    id,
    name,
    attachmentType: type,
    ...(file === undefined ? { url } : { mimeType: file.mimeType, sizeInKb: Math.ceil(file.size / 1024) }),
    parentType,
    parentId,
    createdAt: moment(attachment.createdAt, call.flag('numericDates')),
    createdBy: writerView(call.world.office.people.writer(attachment.createdBy)),
  };
}

function attachmentOf(call: Call, sheet: Sheet): Attachment {
  const attachment = sheet.attachments.get(call.id('attachmentId'));
  if (attachment === undefined) throw notFound();
  return attachment;
}

function parentOf(call: Call, sheet: Sheet): Parent {
  const { parameters } = call.request;
  if (parameters['rowId'] !== undefined) return { parentType: 'ROW', parentId: call.row(sheet).id };
  if (parameters['commentId'] === undefined) return { parentType: 'SHEET', parentId: sheet.id };
  const commentId = call.id('commentId');
  if (sheet.discussionOf(commentId) === undefined) throw notFound();
  return { parentType: 'COMMENT', parentId: commentId };
}

function contentOf(call: Call): Pick<NewAttachment, 'name' | 'type' | 'url' | 'content'> {
  const { headers, body } = call.request;
  const contentType = headers['content-type'] ?? '';
  const isFile = headers['content-disposition'] !== undefined || contentType.startsWith('multipart/form-data');
  if (!isFile) return linkOf(call);
  const { name, mimeType, bytes } = contentType.startsWith('multipart/form-data')
    ? partOf(contentType, body)
    : { name: nameIn(headers['content-disposition'] ?? ''), mimeType: contentType, bytes: body };
  if (bytes.length > MOST_BYTES) throw new SmartsheetRefusal(400, 1074, 'The file is larger than 30 MB.');
  if (name === '') throw new SmartsheetRefusal(400, 1012, 'Required parameter(s) are missing: filename.');
  return { name, type: 'FILE', content: { mimeType: mimeType || 'application/octet-stream', bytes } };
}

function linkOf(call: Call): Pick<NewAttachment, 'name' | 'type' | 'url'> {
  const { name, url, attachmentType } = call.body(linkSchema);
  if (call.world.plan.region === 'gov' && !GOV_TYPES.includes(attachmentType)) {
    throw new SmartsheetRefusal(
      400,
      1031,
      `The value of the attribute attachmentType is invalid: ${attachmentType} on Gov.`,
    );
  }
  return { name, url, type: attachmentType };
}

/** The first part of a multipart body that has a file name. */
function partOf(contentType: string, body: Buffer): { name: string; mimeType: string; bytes: Buffer } {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) throw new SmartsheetRefusal(400, 1091, 'The Content-Type names no boundary.');
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0;) {
    const from = at + mark.length + 2;
    const end = body.indexOf(mark, from);
    if (end < 0) break;
    const headEnd = body.indexOf('\r\n\r\n', from);
    const head = headEnd < 0 || headEnd > end ? '' : body.subarray(from, headEnd).toString('utf8');
    const name = nameIn(head);
    if (name !== '') {
      const mimeType = /content-type:\s*([^\r\n]+)/i.exec(head)?.[1] ?? '';
      return { name, mimeType, bytes: body.subarray(headEnd + 4, end - 2) };
    }
    at = end;
  }
  throw new SmartsheetRefusal(400, 1091, 'The multipart body holds no file.');
}

function nameIn(disposition: string): string {
  const name = /filename="?([^"\r\n]*)"?/i.exec(disposition)?.[1] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
