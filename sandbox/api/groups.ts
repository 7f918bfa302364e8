import { z } from 'zod';
import { moment } from './views';
import { notFound, SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import { success, type Call } from './call';
import type { Group } from '../office/types';

const memberSchema = z.looseObject({ email: z.email() });
const newGroupSchema = z.object({
  name: z.string().min(1).max(100),
  description: z.string().optional(),
  members: z.array(memberSchema).default([]),
});
const changedGroupSchema = z.object({
  name: z.string().min(1).max(100).optional(),
  description: z.string().optional(),
});

/** `GET /groups`, without members. */
export function listGroups(call: Call): object {
  const since = call.moment('modifiedSince');
  const groups = [...call.world.office.access.groups.values()].filter(
    ({ modifiedAt }) => since === undefined || modifiedAt >= since,
  );
  const page = paged(call, groups);
  return { ...page, data: page.data.map((group) => groupView(call, group)) };
}

/** `GET /groups/{id}`, with members. */
export function getGroup(call: Call): object {
  const group = groupOf(call);
  return { ...groupView(call, group), members: membersOf(call, group) };
}

/** `POST /groups`. An address that nobody has becomes a person. */
export function createGroup(call: Call): object {
  mustBeAdmin(call);
  const { name, description, members } = call.body(newGroupSchema);
  const { access, people } = call.world.office;
  if ([...access.groups.values()].some((group) => group.name === name)) throw exists(`A group named '${name}'`);
  const ids = members.map(({ email }) => people.add({ email }).id);
  const group = access.addGroup({ name, description: description ?? '' }, ids, call.by);
  return success({ result: { ...groupView(call, group), members: membersOf(call, group) } });
}

export function updateGroup(call: Call): object {
  mustBeAdmin(call);
  const group = groupOf(call);
  const { name, description } = call.body(changedGroupSchema);
  const change = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
  call.world.office.access.updateGroup(group, change, call.by);
  return success({ result: groupView(call, group) });
}

/** `DELETE /groups/{id}`: its shares go with it. */
export function deleteGroup(call: Call): object {
  mustBeAdmin(call);
  call.world.office.access.removeGroup(groupOf(call), call.by);
  return success();
}

/** `POST /groups/{id}/members`: one member twice is 1129, in a list those who are in already are passed over. */
export function addMembers(call: Call): object {
  mustBeAdmin(call);
  const group = groupOf(call);
  const { access, people } = call.world.office;
  const isSeveral = Array.isArray(call.json());
  const asked = call.body(z.union([memberSchema.transform((member) => [member]), z.array(memberSchema).min(1)]));
  const users = asked.map(({ email }) => people.add({ email }));
  const fresh = users.filter(({ id }) => !group.memberIds.has(id));
  if (!isSeveral && fresh.length === 0) throw exists('This member');
  for (const { id } of fresh) access.addMember(group, id, call.by);
  const views = fresh.map(memberView);
  return success({ result: isSeveral ? views : views[0] });
}

export function removeMember(call: Call): object {
  mustBeAdmin(call);
  const group = groupOf(call);
  const userId = call.id('userId');
  if (!group.memberIds.has(userId)) throw notFound();
  call.world.office.access.removeMember(group, userId, call.by);
  return success();
}

function groupOf(call: Call): Group {
  const group = call.world.office.access.groups.get(call.id('groupId'));
  if (group === undefined) throw notFound();
  return group;
}

function mustBeAdmin(call: Call): void {
  if (!call.user.admin) throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
}

function exists(what: string): SmartsheetRefusal {
  return new SmartsheetRefusal(400, 1129, `${what} exists already.`);
}

function groupView(call: Call, group: Group): object {
  const numeric = call.flag('numericDates');
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    owner: call.world.office.people.writer(group.ownerId).email,
    ownerId: group.ownerId,
    createdAt: moment(group.createdAt, numeric),
    modifiedAt: moment(group.modifiedAt, numeric),
  };
}

function membersOf(call: Call, group: Group): object[] {
  return [...group.memberIds].flatMap((id) => {
    const user = call.world.office.people.withId(id);
    return user === undefined ? [] : [memberView(user)];
  });
}

interface Member {
  readonly id: number;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly name: string;
}

function memberView({ id, email, firstName, lastName, name }: Member): object {
  return { id, email, firstName, lastName, name };
}
