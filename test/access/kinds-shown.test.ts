import { KIND_WORDS, KINDS_OF, kindsShown, type AccessGroup } from '../../lib/access';

describe('what the access log shows', () => {
  it('is who signed in and what was done; where each change came from hides it, and is shown when it is asked for', () => {
    expect(kindsShown('all')).toEqual(
      expect.arrayContaining(['signed_in', 'sign_in_failed', 'flows_deployed', 'other']),
    );
    expect(kindsShown('all')).not.toContain('origin_matched');
    expect(kindsShown('origins')).toEqual(['origin_matched', 'origin_withdrawn']);
  });

  it('leaves no kind out: each is in one group', () => {
    const all = (Object.keys(KINDS_OF) as AccessGroup[]).flatMap((group) => kindsShown(group));
    expect([...all].sort()).toEqual(Object.keys(KIND_WORDS).sort());
  });
});
