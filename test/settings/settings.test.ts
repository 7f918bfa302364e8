import { BadSetting } from '../../lib/errors';
import {
  canonicalTitle,
  cellOf,
  completeSettings,
  defaultSettings,
  editDistance,
  holdsAmounts,
  holdsMoney,
  nearestTitle,
} from '../../lib/settings';

describe('completing settings', () => {
  it('gives the documented defaults where nobody said anything', () => {
    expect(completeSettings({})).toEqual(defaultSettings);
    expect(defaultSettings).toMatchObject({
      timeZone: 'America/Chicago',
      businessHours: '08:00-18:00',
      holidays: 'US',
    });
  });

  it('takes the node before the shared settings, these before the environment, and that before the default', () => {
    const environment = { BUSINESS_TIME_ZONE: 'Europe/Paris', BUSINESS_HOURS: '07:00-15:00', HOLIDAYS: 'FR' };
    const shared = { timeZone: 'Europe/London', businessHours: '09:00-17:00', holidays: '' };
    const node = { timeZone: 'America/Denver', businessHours: '', holidays: '  ' };
    expect(completeSettings({ node, shared, environment })).toMatchObject({
      timeZone: 'America/Denver',
      businessHours: '09:00-17:00',
      holidays: 'FR',
      closesAfterHours: 0,
    });
  });

  it('takes nothing, an empty text, an empty list and an empty object for not set', () => {
    const node = {
      closesAfterHours: null,
      trackedColumns: [],
      columnAliases: {},
      currencies: '',
      rapidChanges: undefined,
    };
    expect(completeSettings({ node })).toEqual(defaultSettings);
    expect(completeSettings({ node: { trackedColumns: ['', ' '] } })).toEqual(defaultSettings);
  });

  it('keeps a 0 that somebody set', () => {
    expect(completeSettings({ node: { severityMediumAbove: 0 }, shared: { severityMediumAbove: 5 } })).toMatchObject({
      severityMediumAbove: 0,
    });
  });

  it('reads what forms hold: numbers and lists as text', () => {
    const shared = { closesAfterHours: '48', trackedColumns: ' Quantity , Foreman, Quantity', lowAccessLevel: '3' };
    expect(completeSettings({ shared })).toMatchObject({
      closesAfterHours: 48,
      trackedColumns: ['Quantity', 'Foreman'],
      lowAccessLevel: 3,
    });
  });

  it('joins aliases and currencies of all sources, the nearest winning', () => {
    const shared = { columnAliases: 'Total $ = Units Total Price, qty = Foreman', currencies: 'GBP' };
    const node = { columnAliases: { 'Total  $': 'Redlined Total Price' }, currencies: '100 = cad' };
    const settings = completeSettings({ node, shared });
    expect(settings.columnAliases).toMatchObject({
      'total $': 'Redlined Total Price',
      qty: 'Foreman',
      'weekly reference logged date': 'Weekly Referenced Logged Date',
    });
    expect(settings.currencies).toEqual({ '*': 'GBP', '100': 'CAD' });
  });

  it('changes nothing when complete settings are completed again', () => {
    const once = completeSettings({
      shared: { currencies: 'USD, 100 = GBP', trackedColumns: 'Foreman', holidays: 'US-TX' },
    });
    expect(completeSettings({ shared: once })).toEqual(once);
  });

  it.each([
    [{ node: { timeZone: 'Chicago' } }, 'Time zone'],
    [{ environment: { BUSINESS_TIME_ZONE: 'Chicago' } }, 'BUSINESS_TIME_ZONE'],
    [{ environment: { BUSINESS_HOURS: 'all day' } }, 'BUSINESS_HOURS'],
    [{ environment: { HOLIDAYS: 'Texas' } }, 'HOLIDAYS'],
    [{ shared: { closesAfterHours: 'soon' } }, 'Week closes after (hours)'],
    [{ shared: { closesAfterHours: -1 } }, 'Week closes after (hours)'],
    [{ shared: { closesAfterHours: Infinity } }, 'Week closes after (hours)'],
    [{ shared: { timeZone: 5 } }, 'Time zone'],
    [{ shared: { currencies: 'Dollars' } }, 'Currency'],
    [{ shared: { currencies: 'North = USD' } }, 'Currency'],
    [{ shared: { columnAliases: 'Total' } }, 'Other column names'],
    [{ shared: { severityHighAbove: 10, severityMediumAbove: 20 } }, 'High severity above'],
  ])('refuses %j and names the place', (sources, field) => {
    const thrown = catching(() => completeSettings(sources));
    expect(thrown).toBeInstanceOf(BadSetting);
    expect(thrown).toMatchObject({ code: 'bad_setting', field });
  });
});

describe('column titles', () => {
  it('are known by other spellings, spaces and letter case', () => {
    expect(canonicalTitle('Weekly Reference Logged Date', defaultSettings)).toBe('Weekly Referenced Logged Date');
    expect(canonicalTitle('  units  TOTAL price ', defaultSettings)).toBe('Units Total Price');
    expect(canonicalTitle('My Column', defaultSettings)).toBe('My Column');
    expect(canonicalTitle('constructor', defaultSettings)).toBe('constructor');
  });

  it('find a cell, and tell an empty one from one that is not there', () => {
    expect(cellOf({ QTY: '5' }, 'Quantity', defaultSettings)).toBe('5');
    expect(cellOf({ Quantity: null }, 'Quantity', defaultSettings)).toBeNull();
    expect(cellOf({}, 'Quantity', defaultSettings)).toBeUndefined();
  });

  it('say whether they hold money or quantities', () => {
    expect(['Quantity', 'Redlined Total Price', 'Unit Price', 'Labor Cost'].map(holdsAmounts)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['Foreman', 'CU', 'Rate Date', 'Accosted'].map(holdsAmounts)).toEqual([false, false, false, false]);
    expect([holdsMoney('Units Total Price'), holdsMoney('Quantity')]).toEqual([true, false]);
  });

  it('are suggested when few letters differ', () => {
    const titles = ['Quantity', 'Units Total Price', 'Foreman'];
    expect(nearestTitle('Unit Total Prize', titles)).toBe('Units Total Price');
    expect(nearestTitle('quantiy', titles)).toBe('Quantity');
    expect(nearestTitle('Redlined Total Price', titles)).toBeNull();
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });
});

function catching(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}
