import { html, Router, type Request, type Response } from '../http/router';
import { notFoundPage } from './page';
import { rowPage } from './row-page';
import { sheetListPage } from './sheet-list';
import { sheetPage } from './sheet-page';
import type { World } from '../world';

/** The pages for people: the list of sheets, a sheet, a row with its history. */
export class Pages {
  private readonly router = new Router();

  constructor(private readonly world: World) {
    this.router
      .on('GET', '/', () => html(sheetListPage(world)))
      .on('GET', '/sheets/:sheetId', (request) => this.sheet(request))
      .on('GET', '/sheets/:sheetId/rows/:rowId', (request) => this.row(request))
      .on('GET', '/files/:sheetId/:attachmentId/:key', (request) => this.file(request));
  }

  async answer(request: Request): Promise<Response> {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const found = this.router.find(method, request.path);
    if (found.handler === undefined) return html(notFoundPage('There is no such page.'), 404);
    return found.handler({ ...request, parameters: found.parameters });
  }

  private sheet({ parameters, query }: Request): Response {
    const sheet = this.world.office.sheets.get(Number(parameters['sheetId']));
    if (sheet === undefined) return html(notFoundPage('There is no such sheet.'), 404);
    const rowId = query.get('rowId');
    const wanted = {
      page: Math.trunc(Number(query.get('page') ?? 1)) || 1,
      rowId: rowId === null ? null : Number(rowId),
    };
    const body = sheetPage(this.world, sheet, wanted);
    return body === null ? html(notFoundPage('The row is not in this sheet.'), 404) : html(body);
  }

  /** The bytes of an attachment. Always to be saved, never shown: a file of anybody must not run as a page of ours. */
  private file({ parameters }: Request): Response {
    const sheet = this.world.office.sheets.get(Number(parameters['sheetId']));
    const attachment = sheet?.attachments.get(Number(parameters['attachmentId']));
    if (attachment?.file === undefined || attachment.file.key !== parameters['key']) {
      return html(notFoundPage('There is no such file.'), 404);
    }
    const { mimeType, base64 } = attachment.file;
    const name = encodeURIComponent(attachment.name);
    return {
      status: 200,
      type: /^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/.test(mimeType) ? mimeType : 'application/octet-stream',
      body: Buffer.from(base64, 'base64'),
      headers: { 'Content-Disposition': `attachment; filename*=UTF-8''${name}` },
    };
  }

  private row({ parameters }: Request): Response {
    const sheet = this.world.office.sheets.get(Number(parameters['sheetId']));
    const row = sheet?.row(Number(parameters['rowId']));
    if (sheet === undefined || row === undefined) return html(notFoundPage('There is no such row.'), 404);
    return html(rowPage(this.world, sheet, row));
  }
}
