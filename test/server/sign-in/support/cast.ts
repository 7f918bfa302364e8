import { ask, formTokenIn, signedIn } from './client';
import { startServer, type GuardedServer } from './start-server';

/** A server with one person of each role, each signed in. */
export interface Cast {
  readonly server: GuardedServer;
  /** By role. */
  readonly cookies: Readonly<Record<string, string>>;
  /** A page as a browser sees it; as the admin, if no cookie is given. */
  page(path: string, cookie?: string): Promise<string>;
  /** Sends a form of /people as the admin, and gives the page that comes then. */
  onPeople(act: string, form: Readonly<Record<string, string>>): Promise<string>;
  /** @returns the password that the page showed */
  addPerson(name: string, role: string): Promise<string>;
}

export async function startCast(environment: Readonly<Record<string, string>>): Promise<Cast> {
  const server = await startServer({ environment });
  const cookies: Record<string, string> = {};
  const page = async (path: string, cookie = cookies['admin']): Promise<string> =>
    (await ask(server.address + path, { cookie, headers: { accept: 'text/html' } })).body;
  const onPeople = async (act: string, form: Readonly<Record<string, string>>): Promise<string> => {
    const token = formTokenIn(await page('/people'));
    await ask(`${server.address}/people/${act}`, { cookie: cookies['admin'], form: { ...form, form: token } });
    return page('/people');
  };
  const addPerson = async (name: string, role: string): Promise<string> =>
    passwordOn(await onPeople('add', { name, role }));
  for (const name of ['admin', 'viewer']) cookies[name] = await signedIn(server.address, name, server.password(name));
  for (const role of ['auditor', 'manager']) {
    cookies[role] = await signedIn(server.address, role, await addPerson(role, role));
  }
  return { server, cookies, page, onPeople, addPerson };
}

/** The password that a page shows, or nothing. */
export function passwordOn(page: string): string {
  return /<code>([^<]+)<\/code>/.exec(page)?.[1] ?? '';
}
