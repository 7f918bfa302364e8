import { z } from 'zod';
import { ACCESS_LEVELS } from '../office/types';
import { bySchema, idSchema, type Visit } from './visit';
import { ControlRefusal } from '../errors';
import type { Group, Share } from '../office/types';

/** `POST /sandbox/workspaces {name, parentId?, by?, at?}`: a workspace, or a folder in the container `parentId`. */
export function addContainer(visit: Visit): object {
  const body = visit.body(z.strictObject({ name: z.string().min(1), parentId: idSchema.optional(), ...bySchema }));
  const { office } = visit.world;
  if (body.parentId !== undefined && !office.containers.has(body.parentId)) {
    throw new ControlRefusal(`There is no container ${body.parentId}.`, 'GET /sandbox/state lists them.', 404);
  }
  const kind = body.parentId === undefined ? 'workspace' : 'folder';
  return office.createContainer(kind, body.name, visit.saveBy(body), body.parentId);
}

/** `POST /sandbox/groups {name, members?: [email], by?, at?}`. */
export function addGroup(visit: Visit): object {
  const body = visit.body(
    z.strictObject({ name: z.string().min(1), members: z.array(z.email()).default([]), ...bySchema }),
  );
  const { access, people } = visit.world.office;
  const ids = body.members.map((email) => people.add({ email }).id);
  return groupFacts(access.addGroup({ name: body.name, description: '' }, ids, visit.saveBy(body)));
}

/** `POST /sandbox/groups/:groupId/members {add?: [email], remove?: [email], by?, at?}`. */
export function changeMembers(visit: Visit): object {
  const emails = z.array(z.email()).default([]);
  const body = visit.body(z.strictObject({ add: emails, remove: emails, ...bySchema }));
  const { access, people } = visit.world.office;
  const group = access.groups.get(visit.id('groupId'));
  if (group === undefined) throw new ControlRefusal('There is no such group.', 'GET /sandbox/state lists them.', 404);
  const by = visit.saveBy(body);
  for (const email of body.add) access.addMember(group, people.add({ email }).id, by);
  for (const email of body.remove) access.removeMember(group, people.add({ email }).id, by);
  return groupFacts(group);
}

const shareSchema = z.strictObject({
  sheetId: idSchema.optional(),
  workspaceId: idSchema.optional(),
  user: z.email().optional(),
  groupId: idSchema.optional(),
  level: z.enum(ACCESS_LEVELS).exclude(['NONE', 'OWNER']),
  ...bySchema,
});

/** `POST /sandbox/shares {sheetId or workspaceId, user or groupId, level, by?, at?}`; a share that is there gets the level. */
export function addShare(visit: Visit): object {
  const body = visit.body(shareSchema);
  const { access } = visit.world.office;
  const asset = assetOf(visit, body);
  const holder = holderOf(visit, body);
  const by = visit.saveBy(body);
  const present = access.sharesOf(asset.assetType, asset.assetId).find((share) => share.holder.id === holder.id);
  if (present === undefined) return access.addShare({ ...asset, holder, accessLevel: body.level }, by);
  access.updateShare(present, body.level, by);
  return present;
}

/** `DELETE /sandbox/shares/:shareId {by?, at?}`. */
export function removeShare(visit: Visit): object {
  const body = visit.body(z.strictObject(bySchema));
  const { access } = visit.world.office;
  const share = access.shares.get(visit.request.parameters['shareId'] ?? '');
  if (share === undefined) throw new ControlRefusal('There is no such share.', 'GET /sandbox/state lists them.', 404);
  access.removeShare(share, visit.saveBy(body));
  return share;
}

type Asked = z.infer<typeof shareSchema>;

function assetOf(visit: Visit, { sheetId, workspaceId }: Asked): Pick<Share, 'assetType' | 'assetId'> {
  if ((sheetId === undefined) === (workspaceId === undefined)) {
    throw new ControlRefusal('It is not said what is shared.', 'Give sheetId or workspaceId.');
  }
  if (sheetId !== undefined) return { assetType: 'sheet', assetId: visit.sheet(sheetId).id };
  const workspace = visit.world.office.containers.get(workspaceId ?? 0);
  if (workspace?.kind !== 'workspace') {
    throw new ControlRefusal(`There is no workspace ${workspaceId}.`, 'GET /sandbox/state lists them.', 404);
  }
  return { assetType: 'workspace', assetId: workspace.id };
}

function holderOf(visit: Visit, { user, groupId }: Asked): Share['holder'] {
  const { access, people } = visit.world.office;
  if ((user === undefined) === (groupId === undefined)) {
    throw new ControlRefusal('It is not said with whom it is shared.', 'Give user or groupId.');
  }
  if (user !== undefined) return { type: 'USER', id: people.add({ email: user }).id };
  if (!access.groups.has(groupId ?? 0)) {
    throw new ControlRefusal(`There is no group ${groupId}.`, 'GET /sandbox/state lists them.', 404);
  }
  return { type: 'GROUP', id: groupId ?? 0 };
}

function groupFacts(group: Group): object {
  return { ...group, memberIds: [...group.memberIds] };
}
