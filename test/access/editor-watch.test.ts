import type { NewAccessEvent } from '../../lib/access';
import { EditorWatch } from '../../server/access-log/editor-watch';

const watching = () => {
  const told: NewAccessEvent[] = [];
  return {
    told,
    watch: new EditorWatch(
      () => 0,
      (event) => void told.push(event),
    ),
  };
};
const audit = { level: 98, timestamp: 0, user: { username: 'admin' } };

describe('what people do in the flow editor', () => {
  it.each([
    ['the address of a tarball', { url: 'https://ann:hunter2@example.com/x.tgz' }],
    ['a token alone in it', { url: 'https://hunter2@example.com/x.tgz' }],
    ['a tarball', { tarball: 'https://ann:hunter2@example.com/x.tgz' }],
    ['why it failed', { error: 'Cannot GET https://ann:hunter2@example.com/x.tgz?token=hunter2' }],
  ])('is told without the secret in %s', (_where, fields) => {
    const { told, watch } = watching();
    watch.audited({ ...audit, event: 'nodes.install', module: 'x', ...fields });
    expect(told.map(({ kind }) => kind)).toEqual(['module_changed']);
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });

  it('never tells what was typed as a name where a sign-in failed', () => {
    const { told, watch } = watching();
    watch.audited({ level: 98, timestamp: 0, event: 'auth.login.fail.credentials', username: 'hunter2' });
    expect(told).toMatchObject([{ kind: 'sign_in_failed', person: null }]);
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });
});
