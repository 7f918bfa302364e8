import { z } from 'zod';
import { ACCESS_LEVELS } from '../office/types';
import { afterLastKey } from './paging';
import { notFound, SmartsheetRefusal } from '../errors';
import { success, type Call } from './call';
import type { AccessLevel, AssetType, Container, Share } from '../office/types';
import type { Sheet } from '../office/sheet';

const GIVEN_LEVELS = ['ADMIN', 'EDITOR_SHARE', 'EDITOR', 'COMMENTER', 'VIEWER'] as const;

const newShareSchema = z.looseObject({
  email: z.email().optional(),
  groupId: z.int().optional(),
  accessLevel: z.enum(GIVEN_LEVELS),
});

/** What a share belongs to, as the query names it. */
type Asset = { readonly type: AssetType; readonly id: number; readonly level: AccessLevel } & (
  { readonly sheet: Sheet } | { readonly workspace: Container }
);

interface ListedShare {
  readonly share: Share | null;
  readonly ownerId?: number;
  readonly scope: 'ITEM' | 'WORKSPACE';
}

/**
 * `GET /shares?assetType&assetId[&sharingInclude=ITEM,WORKSPACE][&maxItems][&lastKey]`: the owner first. Without
 * `sharingInclude` those of the item itself.
 */
export function listShares(call: Call): object {
  const asset = assetOf(call, 'VIEWER');
  const scopes = (call.list('sharingInclude') ?? ['ITEM']).map((scope) => scope.toUpperCase());
  const listed = [
    ...(scopes.includes('ITEM') ? ownShares(call, asset) : []),
    ...(scopes.includes('WORKSPACE') ? sharesAbove(call, asset) : []),
  ];
  const { items, ...rest } = afterLastKey(call, listed, idOf);
  return { items: items.map((each) => shareView(call, each)), ...rest };
}

/** `POST /shares?assetType&assetId`, a list of shares. Somebody new is invited: an address becomes a person. */
export function addShares(call: Call): object {
  const asset = assetOf(call, 'EDITOR_SHARE');
  const asked = call.body(z.array(newShareSchema).min(1));
  const wanted = asked.map((each) => ({ holder: holderOf(call, each), accessLevel: each.accessLevel }));
  for (const { holder, accessLevel } of wanted) {
    mayGive(asset, accessLevel);
    if (holder.id === ownerOf(asset)) throw new SmartsheetRefusal(400, 1025, 'The owner has access already.');
    if (sharesOf(call, asset).some((share) => share.holder.id === holder.id)) {
      throw new SmartsheetRefusal(400, 1025, 'It is shared with this user or group already.');
    }
  }
  const made = wanted.map((each) =>
    call.world.office.access.addShare({ assetType: asset.type, assetId: asset.id, ...each }, call.by),
  );
  return success({ result: made.map((share) => shareView(call, { share, scope: 'ITEM' })) });
}

/** `GET /shares/{shareId}?assetType&assetId`. */
export function getShare(call: Call): object {
  return shareView(call, listedShare(call, assetOf(call, 'VIEWER')));
}

/** `PATCH /shares/{shareId}?assetType&assetId {accessLevel}`. */
export function updateShare(call: Call): object {
  const asset = assetOf(call, 'EDITOR_SHARE');
  const share = changeableShare(call, asset);
  const { accessLevel } = call.body(z.looseObject({ accessLevel: z.enum(GIVEN_LEVELS) }));
  mayGive(asset, accessLevel);
  call.world.office.access.updateShare(share, accessLevel, call.by);
  return success({ result: shareView(call, { share, scope: 'ITEM' }) });
}

/** `DELETE /shares/{shareId}?assetType&assetId`. */
export function deleteShare(call: Call): object {
  const share = changeableShare(call, assetOf(call, 'EDITOR_SHARE'));
  call.world.office.access.removeShare(share, call.by);
  return success();
}

/** @throws SmartsheetRefusal 1012, 1018 for what the query lacks, 1006 for what cannot be seen, 1004 for too low a level */
function assetOf(call: Call, needed: AccessLevel): Asset {
  const type = call.request.query.get('assetType');
  const id = call.number('assetId');
  if (type === null || id === undefined) {
    throw new SmartsheetRefusal(400, 1012, 'Required parameter(s) are missing: assetType, assetId.');
  }
  if (!['sheet', 'workspace', 'report', 'sight', 'collection', 'file'].includes(type)) {
    throw new SmartsheetRefusal(400, 1018, `The value '${type}' was not valid for the parameter assetType.`);
  }
  const asset = found(call, type, id);
  if (asset === undefined || !reaches(asset.level, 'VIEWER')) throw notFound();
  if (!reaches(asset.level, needed)) throw notAllowed();
  return asset;
}

function found(call: Call, type: string, id: number): Asset | undefined {
  const { office } = call.world;
  const sheet = type === 'sheet' ? office.sheets.get(id) : undefined;
  if (sheet !== undefined) return { type: 'sheet', id, sheet, level: office.accessOf(call.user.id, sheet) };
  const container = type === 'workspace' ? office.containers.get(id) : undefined;
  if (container?.kind !== 'workspace') return undefined;
  return { type: 'workspace', id, workspace: container, level: office.access.ofContainer(call.user.id, container) };
}

function ownShares(call: Call, asset: Asset): ListedShare[] {
  const ownerId = ownerOf(asset);
  const owner: ListedShare[] = ownerId === undefined ? [] : [{ share: null, ownerId, scope: 'ITEM' }];
  return [...owner, ...sharesOf(call, asset).map((share): ListedShare => ({ share, scope: 'ITEM' }))];
}

/** The shares that reach a sheet through its workspace. */
function sharesAbove(call: Call, asset: Asset): ListedShare[] {
  if (!('sheet' in asset)) return [];
  const { access } = call.world.office;
  const workspace = access.workspaceOf(asset.sheet.containerId);
  if (workspace === undefined) return [];
  return access.sharesOf('workspace', workspace.id).map((share) => ({ share, scope: 'WORKSPACE' }));
}

function sharesOf(call: Call, { type, id }: Asset): Share[] {
  return call.world.office.access.sharesOf(type, id);
}

function ownerOf(asset: Asset): number | undefined {
  return 'sheet' in asset ? asset.sheet.ownerId : asset.workspace.ownerId;
}

function listedShare(call: Call, asset: Asset): ListedShare {
  const wanted = call.request.parameters['shareId'] ?? '';
  const listed = ownShares(call, asset).find((each) => idOf(each) === wanted);
  if (listed === undefined) throw new SmartsheetRefusal(404, 1027, 'The share was not found.');
  return listed;
}

/** A share that may be changed: not the owner's, not one's own. */
function changeableShare(call: Call, asset: Asset): Share {
  const { share } = listedShare(call, asset);
  if (share === null) throw new SmartsheetRefusal(400, 1028, 'The access level of the owner cannot be changed.');
  if (share.holder.type === 'USER' && share.holder.id === call.user.id) {
    throw new SmartsheetRefusal(400, 1040, 'You cannot change your own access level.');
  }
  if (!reaches(asset.level, share.accessLevel)) throw notAllowed();
  return share;
}

function holderOf(call: Call, { email, groupId }: z.infer<typeof newShareSchema>): Share['holder'] {
  const { access, people } = call.world.office;
  if ((email === undefined) === (groupId === undefined)) {
    throw new SmartsheetRefusal(
      400,
      1012,
      'Required object attribute(s) are missing from your request: email or groupId.',
    );
  }
  if (groupId === undefined) return { type: 'USER', id: people.add({ email: email ?? '' }).id };
  if (!access.groups.has(groupId)) throw notFound();
  return { type: 'GROUP', id: groupId };
}

/** Nobody gives more than they have. */
function mayGive(asset: Asset, level: AccessLevel): void {
  if (!reaches(asset.level, level)) throw notAllowed();
}

function reaches(level: AccessLevel, needed: AccessLevel): boolean {
  return ACCESS_LEVELS.indexOf(level) >= ACCESS_LEVELS.indexOf(needed);
}

function notAllowed(): SmartsheetRefusal {
  return new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
}

function idOf({ share, ownerId }: ListedShare): string {
  return share?.id ?? `SOWNER${(ownerId ?? 0).toString(36).toUpperCase()}`;
}

function shareView(call: Call, listed: ListedShare): object {
  const { access, people } = call.world.office;
  const holder = listed.share?.holder ?? { type: 'USER' as const, id: listed.ownerId ?? 0 };
  const { name, email } = people.writer(holder.id);
  const whom =
    holder.type === 'USER'
      ? { userId: holder.id, email, name }
      : { groupId: holder.id, name: access.groups.get(holder.id)?.name ?? '' };
  const accessLevel = listed.share?.accessLevel ?? 'OWNER';
  return { id: idOf(listed), type: holder.type, ...whom, accessLevel, scope: listed.scope };
}
