import os from 'node:os';
import { userName } from '../../server/user-name';

describe('who runs a command', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is who the machine says', () => {
    expect(userName()).toBe(os.userInfo().username);
  });

  it('is a number in a container that has no name for it', () => {
    jest.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('ENOENT: no such file or directory, uv_os_get_passwd');
    });
    expect(userName()).toBe(`user ${process.getuid?.() ?? 'unknown'}`);
  });
});
