import fc from 'fast-check';
import { matchOrigin, originOf, type MatchableChange, type Save, type SessionAt } from '../../lib/access';

const change: MatchableChange = {
  event_key: '7:21:12:1',
  sheet_id: '7',
  person: 'clerk@example.com',
  changed_at: '2026-01-05T10:00:00.000Z',
};
const save = (seconds: number, given: Partial<Save> = {}): Save => ({
  event_id: `e${seconds}`,
  happened_at: new Date(Date.parse(change.changed_at) + seconds * 1000).toISOString(),
  source: 'WEB_APP',
  ip_address: '203.0.113.9',
  ...given,
});
const session = (given: Partial<SessionAt> = {}): SessionAt => ({
  person: 'clerk@example.com',
  session_id: 's1',
  ip_address: '203.0.113.9',
  user_agent: 'Mozilla/5.0 Firefox/150',
  device_info: 'Firefox on Windows',
  began_at: '2026-01-05T09:00:00.000Z',
  ended_at: null,
  ...given,
});
const NOTHING_OF_SESSION = { session_id: null, user_agent: null, device_info: 'Smartsheet in a browser' };

describe('where a change came from', () => {
  it('is what the only save within the minute says, and how it was found is told', () => {
    expect(matchOrigin(change, [save(-20)], [])).toEqual({
      ip_address: '203.0.113.9',
      ...NOTHING_OF_SESSION,
      how: {
        rule: 'only_save_in_window',
        window_seconds: 60,
        smartsheet_events: ['e-20'],
        seconds_apart: 20,
        session_rule: null,
      },
    });
  });

  it('is what several saves agree on, the nearest named first', () => {
    const found = matchOrigin(change, [save(-20), save(5), save(30)], []);
    expect(found).toMatchObject({
      ip_address: '203.0.113.9',
      how: { smartsheet_events: ['e5', 'e-20', 'e30'], seconds_apart: 5 },
    });
  });

  it.each([
    ['from two addresses', [save(1), save(2, { ip_address: '198.51.100.1' })]],
    ['in a browser and by a program', [save(1), save(2, { source: 'API_UNDEFINED_APP', ip_address: null })]],
    ['told with an address and without', [save(1), save(2, { ip_address: null })]],
  ])('is unknown where saves were made %s: each could be it', (_what, saves) => {
    expect(matchOrigin(change, saves, [session()])).toEqual({ unknown: 'saves_disagree' });
  });

  it.each([
    ['there is no save', []],
    ['the saves are more than a minute away', [save(-61), save(60.001)]],
  ])('is unknown where %s', (_what, saves) => {
    expect(matchOrigin(change, saves, [session()])).toEqual({ unknown: 'no_save' });
  });

  it('is unknown where a save tells neither address nor a device that we know', () => {
    expect(matchOrigin(change, [save(0, { source: 'SOMETHING_NEW', ip_address: null })], [])).toEqual({
      unknown: 'nothing_told',
    });
  });

  it('names the device of a telephone, whose address Smartsheet does not tell', () => {
    const found = matchOrigin(change, [save(0, { source: 'MOBILE_IOS', ip_address: null })], [session()]);
    expect(found).toMatchObject({ ip_address: null, device_info: 'Smartsheet for iPhone and iPad', session_id: null });
  });

  it('takes browser and session from the only session here, at the same address at that time', () => {
    expect(matchOrigin(change, [save(0)], [session()])).toMatchObject({
      session_id: 's1',
      user_agent: 'Mozilla/5.0 Firefox/150',
      device_info: 'Firefox on Windows',
      how: { session_rule: 'only_session_at_same_address' },
    });
  });

  it.each([
    ['at another address', [session({ ip_address: '198.51.100.1' })]],
    ['of another person', [session({ person: 'ann@example.com' })]],
    ['that had ended', [session({ ended_at: '2026-01-05T09:59:59.000Z' })]],
    ['that had not begun', [session({ began_at: '2026-01-05T10:00:01.000Z' })]],
    ['that is one of two', [session(), session({ session_id: 's2' })]],
  ])('takes nothing from a session %s', (_what, sessions) => {
    expect(matchOrigin(change, [save(0)], sessions)).toMatchObject({
      ip_address: '203.0.113.9',
      ...NOTHING_OF_SESSION,
    });
  });

  it('is never anything that no save within the window told, in whatever order they come', () => {
    const anySave = fc.record({
      seconds: fc.integer({ min: -120, max: 120 }),
      source: fc.constantFrom('WEB_APP', 'MOBILE_IOS', 'API_UNDEFINED_APP'),
      ip_address: fc.constantFrom(null, '203.0.113.9', '198.51.100.1'),
    });
    fc.assert(
      fc.property(fc.array(anySave, { maxLength: 6 }), (told) => {
        const saves = told.map(({ seconds, ...rest }, index) => save(seconds, { ...rest, event_id: `e${index}` }));
        const found = matchOrigin(change, saves, []);
        expect(matchOrigin(change, [...saves].reverse(), [])).toEqual(found);
        const near = saves.filter((_each, index) => Math.abs(told[index]!.seconds) <= 60);
        const places = new Set(near.map(({ source, ip_address }) => `${source} ${ip_address}`));
        if (places.size !== 1) return expect(found).toHaveProperty('unknown');
        expect(found).toMatchObject({ ip_address: near[0]!.ip_address });
      }),
    );
  });
});

describe('what is recorded of it', () => {
  const matched = matchOrigin(change, [save(0)], []);

  it('is a sentence with the address and how it was found', () => {
    expect(originOf(change, matched, false)).toMatchObject({
      kind: 'origin_matched',
      ip_address: '203.0.113.9',
      happened:
        'clerk@example.com made the change 7:21:12:1 from 203.0.113.9: by the only save of the sheet within 60 s.',
      details: { rule: 'only_save_in_window' },
    });
  });

  it('is nothing while it is unknown, and that it was taken back when later news contradict it', () => {
    expect(originOf(change, { unknown: 'saves_disagree' }, false)).toBeNull();
    expect(originOf(change, { unknown: 'no_save' }, true)).toBeNull();
    expect(originOf(change, { unknown: 'saves_disagree' }, true)).toMatchObject({
      kind: 'origin_withdrawn',
      ip_address: null,
    });
  });
});
