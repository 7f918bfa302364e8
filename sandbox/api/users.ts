import { SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import type { Call } from './call';
import type { User } from '../office/types';

/** `GET /users[?email=a,b]`. */
export function listUsers(call: Call): object {
  const emails = call.list('email')?.map((email) => email.toLowerCase());
  const users = call.world.office.people.all().filter(({ email }) => emails?.includes(email.toLowerCase()) ?? true);
  const page = paged(call, users);
  return { ...page, data: page.data.map((user) => userView(call, user)) };
}

/** `GET /users/me`, for any token. */
export function getMe(call: Call): object {
  return { ...userView(call, call.user), locale: 'en_US', timeZone: call.world.settings.timeZone };
}

/** `GET /users/{id}`. System actors are not users: 404/1020. */
export function getUser(call: Call): object {
  const user = call.world.office.people.withId(call.id('userId'));
  if (user === undefined) throw new SmartsheetRefusal(404, 1020, 'User not found.');
  return userView(call, user);
}

function userView(call: Call, user: User): object {
  const { id, email, name, firstName, lastName } = user;
  const forAdmins = { admin: user.admin, licensedSheetCreator: true, groupAdmin: false, resourceViewer: false };
  const adminPart = call.user.admin ? { ...forAdmins, status: user.status, isInternal: true, sheetCount: -1 } : {};
  return { id, email, name, firstName, lastName, ...adminPart };
}
