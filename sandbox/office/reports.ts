import type { AccessDeed } from './access';
import type { Deed, Save } from './types';
import type { Office } from './office';
import type { People } from './people';

/** What an entry of event reporting is about. */
export interface Report {
  readonly objectType: string;
  readonly action: string;
  readonly objectId: number | string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly sheetId?: number;
}

/** A save as event reporting tells it: one UPDATE for all cells and rows, without a value (reference §6). */
export function reportsOfSave(office: Office, save: Save): Report[] {
  const sheet = office.sheets.get(save.sheetId) ?? office.bin.get(save.sheetId);
  const sheetName = sheet?.name ?? '';
  const about = { objectId: save.sheetId, sheetId: save.sheetId };
  const known = new Set<string>();
  return save.deeds.flatMap((deed): Report[] => {
    const { objectType, action, ...rest } = wordsFor(deed);
    const report = { ...about, objectType, action, details: { sheetName, ...rest.details }, ...objectOf(deed) };
    const key = `${action} ${report.objectId} ${JSON.stringify(rest.details ?? {})}`;
    if (known.has(key)) return [];
    known.add(key);
    return [report];
  });
}

interface Words {
  readonly objectType: string;
  readonly action: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

function wordsFor(deed: Deed): Words {
  switch (deed.kind) {
    case 'row_moved':
      return { objectType: 'SHEET', action: 'MOVE_ROW', details: { destinationSheetId: deed.toSheetId } };
    case 'sheet':
      return {
        objectType: 'SHEET',
        action: { created: 'CREATE', updated: 'RENAME', deleted: 'DELETE', moved: 'MOVE' }[deed.eventType],
      };
    case 'attachment':
      return { objectType: 'ATTACHMENT', action: plain(deed.eventType), details: { attachmentName: deed.about ?? '' } };
    case 'discussion':
      return { objectType: 'DISCUSSION', action: plain(deed.eventType) };
    case 'comment':
      return { objectType: 'DISCUSSION', action: 'UPDATE' };
    default:
      return { objectType: 'SHEET', action: 'UPDATE' };
  }
}

function objectOf(deed: Deed): { objectId?: number } {
  if (deed.kind === 'attachment' || deed.kind === 'discussion') return { objectId: deed.id };
  return deed.kind === 'comment' ? { objectId: Number(deed.about ?? deed.id) } : {};
}

function plain(eventType: string): string {
  return { created: 'CREATE', deleted: 'DELETE' }[eventType] ?? 'UPDATE';
}

/** What was done to a share, a group or its members. */
export function reportsOfAccess(deed: AccessDeed, people: People): Report[] {
  if (deed.kind === 'other') return [];
  if (deed.kind === 'share') {
    const { assetType, assetId, holder, accessLevel } = deed.share;
    const whom =
      holder.type === 'USER'
        ? { userId: holder.id, shareeEmail: people.writer(holder.id).email }
        : { groupId: holder.id };
    return [
      {
        objectType: assetType === 'sheet' ? 'SHEET' : 'WORKSPACE',
        action: deed.change === 'removed' ? 'REMOVE_SHARE' : 'ADD_SHARE',
        objectId: assetId,
        details: { ...whom, accessLevel },
        ...(assetType === 'sheet' ? { sheetId: assetId } : {}),
      },
    ];
  }
  const { group } = deed;
  const about = { objectType: 'GROUP', objectId: group.id };
  if (deed.kind === 'group') {
    const action = { created: 'CREATE', updated: 'UPDATE', deleted: 'DELETE' }[deed.change];
    return [{ ...about, action, details: { groupName: group.name } }];
  }
  const action = deed.change === 'added' ? 'ADD_MEMBER' : 'REMOVE_MEMBER';
  const member = { memberUserId: deed.userId, memberEmail: people.writer(deed.userId).email };
  return [{ ...about, action, details: { groupName: group.name, ...member } }];
}
