export function page(title: string, body: string): string {
  return title + body;
}
export function notFoundPage(): string {
  return page('Not found', '');
}
