import { html, Router, type Request, type Response } from '../http/router';
import { notFoundPage, page } from './page';
import type { World } from '../world';

/** The pages for people: the list of sheets, a sheet, a row with its history. */
export class Pages {
  private readonly router = new Router();

  constructor(private readonly world: World) {
    this.router.on('GET', '/', () => html(page('Sheets', '')));
  }

  answer(request: Request): Response {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const found = this.router.find(method, request.path);
    if (found.handler === undefined) return html(notFoundPage(), 404);
    const response = found.handler({ ...request, parameters: found.parameters });
    return response instanceof Promise ? html(notFoundPage(), 404) : response;
  }
}
