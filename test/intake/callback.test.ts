import { actorOfAddress, cellText, readCallback, readChallenge, systemActor } from '../../lib/smartsheet';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a callback', () => {
  const envelope = {
    nonce: 'n-1',
    timestamp: '2026-01-14T15:30:00.000+00:00',
    webhookId: 4503604829677444,
    scope: 'sheet',
    scopeObjectId: 4583173393803140,
  };

  it('is read with its ids as text and its times in one form, however they were written', () => {
    const events = [
      {
        objectType: 'cell',
        eventType: 'updated',
        rowId: 1,
        columnId: 2,
        userId: 3,
        timestamp: '2026-01-14T15:29:10.000+0000',
      },
      { objectType: 'cell', eventType: 'updated', rowid: 1, columnid: 2, userid: 3, timestamp: '2026-01-14T15:29:11Z' },
      { objectType: 'row', eventType: 'created', id: 9, userId: 3 },
    ];
    const reading = readCallback(bytes({ ...envelope, events }));
    expect(reading.understood && reading.callback).toMatchObject({
      webhookId: '4503604829677444',
      scopeObjectId: '4583173393803140',
      at: '2026-01-14T15:30:00.000Z',
      newWebhookStatus: null,
      events: [
        { objectType: 'cell', rowId: '1', columnId: '2', userId: '3', at: '2026-01-14T15:29:10.000Z' },
        { objectType: 'cell', rowId: '1', columnId: '2', userId: '3', at: '2026-01-14T15:29:11.000Z' },
        { objectType: 'row', id: '9', at: '2026-01-14T15:30:00.000Z' },
      ],
    });
  });

  it('is read though it has unknown object types, fields, or no events at all', () => {
    const strange = {
      ...envelope,
      events: [{ objectType: 'proof', eventType: 'approved', id: 5, extra: true }],
      news: {},
    };
    expect(readCallback(bytes(strange))).toMatchObject({
      understood: true,
      callback: { events: [{ objectType: 'proof' }] },
    });
    const status = { ...envelope, newWebhookStatus: 'DISABLED_SCOPE_INACCESSIBLE' };
    expect(readCallback(bytes(status))).toMatchObject({
      understood: true,
      callback: { events: [], newWebhookStatus: 'DISABLED_SCOPE_INACCESSIBLE' },
    });
  });

  it('keeps an id that a double cannot hold', () => {
    const text = JSON.stringify(envelope).replace('4583173393803140', '92233720368547758');
    expect(readCallback(bytes(text))).toMatchObject({
      understood: true,
      callback: { scopeObjectId: '92233720368547758' },
    });
  });

  it.each([
    ['no JSON', 'hello', 'it is not JSON: it begins with "hello"'],
    ['a list', [], 'its form is unknown'],
    ['without a nonce', { ...envelope, nonce: undefined }, 'its form is unknown: `nonce`'],
    ['with a time that is none', { ...envelope, timestamp: 'yesterday' }, '`timestamp`: must be a time'],
  ])('that is %s is not understood, and says why', (_case, body, why) => {
    const reading = readCallback(bytes(body));
    expect(reading.understood ? '' : reading.why).toContain(why);
  });
});

describe('a challenge', () => {
  const challenge = '0d0d6d3a-9a4b-4b7e-8c55-1f7ad6c5a111';
  const header = { 'smartsheet-hook-challenge': challenge };

  it('is recognised when header and body agree', () => {
    expect(readChallenge(header, bytes({ challenge, webhookId: 7 }))).toEqual({ challenge, webhookId: '7' });
  });

  it.each([
    ['the body says another value', header, { challenge: challenge.replace('0d0d', '1d1d'), webhookId: 7 }],
    ['the body is no JSON', header, 'challenge'],
    ['it is no UUID', { 'smartsheet-hook-challenge': 'echo-me' }, { challenge: 'echo-me' }],
    ['the header comes twice', { 'smartsheet-hook-challenge': [challenge, challenge] }, { challenge }],
    ['it is larger than 1 kB', header, { challenge, filling: 'x'.repeat(1024) }],
    ['there is no header', {}, { challenge }],
  ])('is none when %s', (_case, headers, body) => {
    expect(readChallenge(headers, bytes(body))).toBeNull();
  });
});

describe('a value', () => {
  it.each([
    [{ value: 12.5 }, '12.5'],
    [{ value: 1e21 }, '1000000000000000000000'],
    [{ value: 1e-7 }, '0.0000001'],
    [{ value: 0 }, '0'],
    [{ value: false }, 'false'],
    [{ value: '$1,250.00', displayValue: 'other' }, '$1,250.00'],
    [{ value: '' }, null],
    [{}, null],
    [{ objectValue: { objectType: 'MULTI_PICKLIST', values: ['a', 'b'] } }, 'a, b'],
    [{ objectValue: { objectType: 'MULTI_CONTACT', value: [{ email: 'a@example.com', name: 'A' }] } }, 'a@example.com'],
  ])('%j is the text %j', (content, text) => {
    expect(cellText(content)).toBe(text);
  });
});

describe('a writer', () => {
  it('that is no person is named as what it is', () => {
    expect(systemActor('3940654876256132')).toEqual({ name: 'Automation', kind: 'automation' });
    expect(systemActor('7881304550205316')).toEqual({ name: 'Form', kind: 'form' });
    expect(systemActor('3377704922834820')).toEqual({ name: 'Cell link', kind: 'cell_link' });
    expect(systemActor('42')).toBeNull();
    expect(actorOfAddress('automation@smartsheet.com').kind).toBe('automation');
    expect(actorOfAddress(null)).toEqual({ name: null, kind: 'unknown' });
  });
});
