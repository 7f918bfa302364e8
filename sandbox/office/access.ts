import { ACCESS_LEVELS } from './types';
import type { AccessLevel, AssetType, Container, Group, SaveBy, Share } from './types';
import type { Ids } from '../ids';
import type { Sheet } from './sheet';

/** `open`: whoever no share names is an ADMIN. `shares`: whoever no share names sees nothing. */
export type SharingMode = 'open' | 'shares';

/** What was done to rights and groups; reports and webhooks listen. */
export type AccessDeed =
  | { readonly kind: 'share'; readonly share: Share; readonly change: 'added' | 'updated' | 'removed' }
  | { readonly kind: 'group'; readonly group: Group; readonly change: 'created' | 'updated' | 'deleted' }
  | { readonly kind: 'member'; readonly group: Group; readonly userId: number; readonly change: 'added' | 'removed' }
  | { readonly kind: 'other' };

export type AccessListener = (deed: AccessDeed, by: SaveBy | null) => void;

/** Groups, shares, and what follows from them: who may do what. Rights add up, the highest one wins. */
export class Access {
  readonly groups = new Map<number, Group>();
  readonly shares = new Map<string, Share>();
  private sharing: SharingMode = 'open';
  private readonly listeners: AccessListener[] = [];

  constructor(
    private readonly ids: Ids,
    private readonly containers: ReadonlyMap<number, Container>,
  ) {}

  onChange(listener: AccessListener): void {
    this.listeners.push(listener);
  }

  get mode(): SharingMode {
    return this.sharing;
  }

  set mode(mode: SharingMode) {
    this.sharing = mode;
    this.changed();
  }

  /** Something else changed who may do what. */
  changed(): void {
    this.tell({ kind: 'other' }, null);
  }

  /** What a user may do with a sheet. What was set for the sheet by hand overrules everything. */
  ofSheet(userId: number, sheet: Sheet): AccessLevel {
    const byHand = sheet.access.get(userId);
    if (byHand !== undefined) return byHand;
    if (userId === sheet.ownerId) return 'OWNER';
    const workspace = this.workspaceOf(sheet.containerId);
    const above = workspace === undefined ? [] : this.levelsIn('workspace', workspace.id, userId);
    if (workspace !== undefined && workspace.ownerId === userId) above.push('ADMIN');
    return this.highest([...this.levelsIn('sheet', sheet.id, userId), ...above]);
  }

  ofContainer(userId: number, container: Container): AccessLevel {
    const workspace = this.workspaceOf(container.id);
    if (workspace === undefined) return this.highest([]);
    if (workspace.ownerId === userId) return 'OWNER';
    return this.highest(this.levelsIn('workspace', workspace.id, userId));
  }

  /** The workspace in which a container lies, or which it is. */
  workspaceOf(containerId: number | undefined): Container | undefined {
    let container = containerId === undefined ? undefined : this.containers.get(containerId);
    while (container?.parentId !== undefined) container = this.containers.get(container.parentId);
    return container?.kind === 'workspace' ? container : undefined;
  }

  sharesOf(assetType: AssetType, assetId: number): Share[] {
    return [...this.shares.values()].filter((share) => share.assetType === assetType && share.assetId === assetId);
  }

  addShare(share: Pick<Share, 'assetType' | 'assetId' | 'holder' | 'accessLevel'>, by: SaveBy): Share {
    const made: Share = { ...share, id: shareId(this.ids.next()), createdAt: by.at, modifiedAt: by.at };
    this.shares.set(made.id, made);
    this.tell({ kind: 'share', share: made, change: 'added' }, by);
    return made;
  }

  updateShare(share: Share, accessLevel: AccessLevel, by: SaveBy): void {
    share.accessLevel = accessLevel;
    share.modifiedAt = by.at;
    this.tell({ kind: 'share', share, change: 'updated' }, by);
  }

  removeShare(share: Share, by: SaveBy): void {
    this.shares.delete(share.id);
    this.tell({ kind: 'share', share, change: 'removed' }, by);
  }

  addGroup(
    { name, description }: Pick<Group, 'name' | 'description'>,
    memberIds: readonly number[],
    by: SaveBy,
  ): Group {
    const group: Group = {
      id: this.ids.next(),
      name,
      description,
      ownerId: by.userId,
      createdAt: by.at,
      modifiedAt: by.at,
      memberIds: new Set(memberIds),
    };
    this.groups.set(group.id, group);
    this.tell({ kind: 'group', group, change: 'created' }, by);
    return group;
  }

  updateGroup(group: Group, change: Partial<Pick<Group, 'name' | 'description'>>, by: SaveBy): void {
    Object.assign(group, change, { modifiedAt: by.at });
    this.tell({ kind: 'group', group, change: 'updated' }, by);
  }

  removeGroup(group: Group, by: SaveBy): void {
    this.groups.delete(group.id);
    for (const share of this.shares.values()) {
      if (share.holder.type === 'GROUP' && share.holder.id === group.id) this.shares.delete(share.id);
    }
    this.tell({ kind: 'group', group, change: 'deleted' }, by);
  }

  addMember(group: Group, userId: number, by: SaveBy): void {
    group.memberIds.add(userId);
    group.modifiedAt = by.at;
    this.tell({ kind: 'member', group, userId, change: 'added' }, by);
  }

  removeMember(group: Group, userId: number, by: SaveBy): void {
    group.memberIds.delete(userId);
    group.modifiedAt = by.at;
    this.tell({ kind: 'member', group, userId, change: 'removed' }, by);
  }

  private levelsIn(assetType: AssetType, assetId: number, userId: number): AccessLevel[] {
    return this.sharesOf(assetType, assetId)
      .filter(({ holder }) =>
        holder.type === 'USER' ? holder.id === userId : this.groups.get(holder.id)?.memberIds.has(userId),
      )
      .map(({ accessLevel }) => accessLevel);
  }

  private highest(levels: readonly AccessLevel[]): AccessLevel {
    if (levels.length === 0) return this.sharing === 'open' ? 'ADMIN' : 'NONE';
    return ACCESS_LEVELS[Math.max(...levels.map((level) => ACCESS_LEVELS.indexOf(level)))] ?? 'NONE';
  }

  private tell(deed: AccessDeed, by: SaveBy | null): void {
    for (const listener of this.listeners) listener(deed, by);
  }
}

/** Share ids are texts (reference §1); like Smartsheet's they are no number. */
function shareId(number: number): string {
  return `S${number.toString(36).toUpperCase()}`;
}
