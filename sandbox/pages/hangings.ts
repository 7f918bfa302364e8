import { html, type Markup } from './html';
import { moment } from './words';
import type { Attachment, Discussion } from '../office/types';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

/** Who has access to a sheet by a share: of itself, or of its workspace. */
export function sharesOf({ office }: World, sheet: Sheet): Markup {
  const { access, people } = office;
  const workspace = access.workspaceOf(sheet.containerId);
  const own = access.sharesOf('sheet', sheet.id).map((share) => ({ share, from: 'this sheet' }));
  const above = workspace === undefined ? [] : access.sharesOf('workspace', workspace.id);
  const listed = [...own, ...above.map((share) => ({ share, from: `workspace ${workspace?.name ?? ''}` }))];
  const others =
    access.mode === 'open' ? 'Everybody else of the office may change it.' : 'Nobody else has access to it.';
  const lines = listed.map(({ share, from }) => {
    const { type, id } = share.holder;
    const name = type === 'USER' ? people.writer(id).email : `group ${access.groups.get(id)?.name ?? ''}`;
    return html`<tr>
      <td data-title="Who"><span>${name}</span></td>
      <td data-title="As"><span>${share.accessLevel.toLowerCase().replace('_', ' and ')}</span></td>
      <td data-title="Through"><span>${from}</span></td>
    </tr>`;
  });
  return html`<h2>Shared with</h2>
    ${lines.length === 0 ? '' : table(['Who', 'As', 'Through'], lines)}
    <p class="facts">${others}</p>`;
}

/** What hangs on a sheet, or on one of its rows. @returns nothing at all when there is nothing */
export function hangingsOf(world: World, sheet: Sheet, parentId: number): Markup {
  const discussions = [...sheet.discussions.values()].filter((discussion) => discussion.parentId === parentId);
  const commentIds = discussions.flatMap(({ comments }) => comments.map(({ id }) => id));
  const attachments = [...sheet.attachments.values()].filter(
    (attachment) => attachment.parentId === parentId || commentIds.includes(attachment.parentId),
  );
  return html`${attachmentsTable(world, sheet, attachments)}${discussionsTable(world, discussions)}`;
}

function attachmentsTable(world: World, sheet: Sheet, attachments: readonly Attachment[]): Markup {
  if (attachments.length === 0) return html``;
  const lines = attachments.map(
    (attachment) =>
      html`<tr>
        <td data-title="Name"><a href="${addressOf(sheet, attachment)}">${attachment.name}</a></td>
        <td data-title="By"><span>${world.office.people.writer(attachment.createdBy).email}</span></td>
        <td data-title="When"><span>${moment(attachment.createdAt)}</span></td>
      </tr>`,
  );
  return html`<h2>Attachments</h2>
    ${table(['Name', 'By', 'When'], lines)}`;
}

function discussionsTable(world: World, discussions: readonly Discussion[]): Markup {
  if (discussions.length === 0) return html``;
  const lines = discussions.flatMap(({ comments }) =>
    comments.map(
      (comment) =>
        html`<tr>
          <td data-title="Comment"><span>${comment.text}</span></td>
          <td data-title="By"><span>${world.office.people.writer(comment.createdBy).email}</span></td>
          <td data-title="When"><span>${moment(comment.createdAt)}</span></td>
        </tr>`,
    ),
  );
  return html`<h2>Comments</h2>
    ${table(['Comment', 'By', 'When'], lines)}`;
}

/** A link leads only where a browser may go from here. */
function addressOf(sheet: Sheet, { id, url, file }: Attachment): string {
  if (file !== undefined) return `/files/${sheet.id}/${id}/${file.key}`;
  return url !== undefined && /^https?:/i.test(url) ? url : '#';
}

function table(heads: readonly string[], lines: readonly Markup[]): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th>${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
}
