import { z } from 'zod';
import { ACCESS_LEVELS, type AccessLevel, type Container } from '../office/types';
import { afterLastKey } from './paging';
import { linkBase } from '../plan';
import { moment, sheetLink } from './views';
import { notFound, SmartsheetRefusal } from '../errors';
import { success, type Call } from './call';

/** `GET /workspaces`: those that one can see, in the token form (the offset form ended in June 2026). */
export function listWorkspaces(call: Call): object {
  const { office } = call.world;
  const visible = [...office.containers.values()].filter(
    (container) => container.kind === 'workspace' && levelOf(call, container) !== 'NONE',
  );
  const { items, ...rest } = afterLastKey(call, visible, ({ id }) => String(id));
  return { data: items.map((workspace) => containerView(call, workspace)), ...rest };
}

/** `POST /workspaces`, `/workspaces/{id}/folders`, `/folders/{id}/folders`. */
export function createContainer(call: Call, kind: Container['kind']): object {
  const { name } = call.body(z.looseObject({ name: z.string().min(1).max(100) }));
  const parentId = kind === 'folder' ? containerOf(call, undefined, 'ADMIN').id : undefined;
  const container = call.world.office.createContainer(kind, name, call.by, parentId);
  note(call, container, 'CREATE');
  return success({ result: containerView(call, container) });
}

/** `PUT /workspaces/{id}`, `/folders/{id}`: another name. */
export function renameContainer(call: Call, kind: Container['kind']): object {
  const container = containerOf(call, kind, 'ADMIN');
  const { name } = call.body(z.looseObject({ name: z.string().min(1).max(100) }));
  container.name = name;
  container.modifiedAt = call.now;
  note(call, container, 'RENAME');
  return success({ result: containerView(call, container) });
}

/** `DELETE /workspaces/{id}`, `/folders/{id}`, with all that is in it. */
export function deleteContainer(call: Call, kind: Container['kind']): object {
  const container = containerOf(call, kind, kind === 'workspace' ? 'OWNER' : 'ADMIN');
  for (const gone of call.world.office.deleteContainer(container, call.by)) note(call, gone, 'DELETE');
  call.world.office.access.changed();
  return success();
}

/** `GET /workspaces/{id}/metadata`, `/folders/{id}/metadata`. */
export function getMetadata(call: Call, kind: Container['kind']): object {
  return containerView(call, containerOf(call, kind));
}

const CHILD_TYPES = ['sheets', 'reports', 'sights', 'folders'];

/** `GET /workspaces/{id}/children`, `/folders/{id}/children[?childrenResourceTypes=sheets,folders]`: one level, folders first. */
export function listChildren(call: Call, kind: Container['kind']): object {
  const container = containerOf(call, kind);
  const types = call.list('childrenResourceTypes') ?? CHILD_TYPES;
  const unknown = types.find((type) => !CHILD_TYPES.includes(type));
  if (unknown !== undefined) {
    throw new SmartsheetRefusal(
      400,
      1018,
      `The value '${unknown}' was not valid for the parameter childrenResourceTypes.`,
    );
  }
  const { office } = call.world;
  const folders = [...office.containers.values()].filter(({ parentId }) => parentId === container.id);
  const sheets = [...office.sheets.values()].filter(
    (sheet) => sheet.containerId === container.id && office.may(call.user.id, sheet, 'VIEWER'),
  );
  const children = [
    ...(types.includes('folders') ? folders.map((folder) => ({ id: folder.id, folder })) : []),
    ...(types.includes('sheets') ? sheets.map((sheet) => ({ id: sheet.id, sheet })) : []),
  ];
  const { items, ...rest } = afterLastKey(call, children, ({ id }) => String(id));
  const numeric = call.flag('numericDates');
  const data = items.map((child) =>
    'folder' in child
      ? { ...containerView(call, child.folder), resourceType: 'folder' }
      : {
          id: child.id,
          name: child.sheet.name,
          permalink: sheetLink(call, child.sheet),
          accessLevel: office.accessOf(call.user.id, child.sheet),
          createdAt: moment(child.sheet.createdAt, numeric),
          modifiedAt: moment(child.sheet.modifiedAt, numeric),
          resourceType: 'sheet',
        },
  );
  return { data, ...rest };
}

/** `GET /folders/{id}/path`, `/sheets/{id}/path`: the workspace, then each folder down to the thing itself. */
export function getFolderPath(call: Call): object {
  return pathTo(call, containerOf(call, 'folder').id);
}

export function getSheetPath(call: Call): object {
  return pathTo(call, call.sheet().containerId);
}

/** What ended on 3 June 2026 (reference §1.1). How Smartsheet answers there now is not published. */
export function sunset(call: Call): never {
  throw new SmartsheetRefusal(410, 4005, `${call.request.method} ${call.request.path} was retired on 3 June 2026.`);
}

/** The container that the path names, when one may do with it what is needed. */
export function containerOf(call: Call, kind?: Container['kind'], needed: AccessLevel = 'VIEWER'): Container {
  const container = call.world.office.containers.get(call.id('containerId'));
  if (container === undefined || (kind !== undefined && container.kind !== kind)) throw notFound();
  const level = levelOf(call, container);
  if (level === 'NONE') throw notFound();
  if (ACCESS_LEVELS.indexOf(level) < ACCESS_LEVELS.indexOf(needed)) {
    throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
  }
  return container;
}

function levelOf(call: Call, container: Container): AccessLevel {
  return call.world.office.access.ofContainer(call.user.id, container);
}

function pathTo(call: Call, containerId: number | undefined): object {
  const chain: Container[] = [];
  for (let at = containerId; at !== undefined; at = chain[0]?.parentId) {
    const container = call.world.office.containers.get(at);
    if (container === undefined) break;
    chain.unshift(container);
  }
  const [first, ...folders] = chain;
  return {
    ...(first?.kind === 'workspace' ? { workspace: nodeView(call, first) } : {}),
    folders: (first?.kind === 'folder' ? chain : folders).map((folder) => nodeView(call, folder)),
  };
}

function nodeView(call: Call, container: Container): object {
  const { id, kind, name } = container;
  const permalink = `${linkBase(call.world.plan, call.world.address)}/${kind}s/${id}`;
  return { id, name, permalink, accessLevel: levelOf(call, container) };
}

function containerView(call: Call, container: Container): object {
  const numeric = call.flag('numericDates');
  const { createdAt, modifiedAt } = container;
  return {
    ...nodeView(call, container),
    ...(createdAt === undefined ? {} : { createdAt: moment(createdAt, numeric) }),
    ...(modifiedAt === undefined ? {} : { modifiedAt: moment(modifiedAt, numeric) }),
  };
}

function note(call: Call, { id, kind, name }: Container, action: string): void {
  const [objectType, nameKey] = kind === 'workspace' ? ['WORKSPACE', 'workspaceName'] : ['FOLDER', 'folderName'];
  call.world.activity.note({ objectType, action, objectId: id, details: { [nameKey]: name } }, call.by);
}
