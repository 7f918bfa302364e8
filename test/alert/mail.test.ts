import { composeMail } from '../../lib/mail';
import { content, event, frame, told } from './samples';

describe('the mail of one alert', () => {
  it('says in its subject how bad, what, from what to what, who, and that the week was closed', () => {
    const { subject } = composeMail(content({ alerts: [told(event())] }), frame);
    expect(subject).toBe('HIGH: Units Total Price changed from $77,183.60 to $0.00 by customer-12346 in a closed week');
  });

  it('holds who, when, where, money, risk, reasons, both links, why one got it and how to change that', () => {
    const { text, html } = composeMail(content({ alerts: [told(event())] }), frame);
    for (const part of [
      'customer-12346@example.com',
      'Thu 10 Feb 2011, 09:31 (Europe/London)',
      'Week ending 2011-01-23',
      'Sunday 23 January 2011 (closed)',
      '-$77,183.60',
      '70 of 100',
      'nobody had approved it',
      'rowId=5001',
      'https://audit.example.com/dashboard?event=4583173393803140%3A5001%3A3%3A1',
      'is a recipient of the Alert node',
      'open the Alert node in the editor',
    ]) {
      expect(text).toContain(part);
      expect(html.replaceAll('&#38;', '&')).toContain(part);
    }
  });

  it.each([
    ['GBP', '£77,183.60'],
    ['EUR', '€77,183.60'],
    ['MXN', '77,183.60 MXN'],
  ])('says money in the currency of the sheet: %s', (currency, shown) => {
    expect(composeMail(content({ alerts: [told(event({ currency }))] }), frame).subject).toContain(`from ${shown} to`);
  });

  it('says quantities without a currency, and empty cells as empty', () => {
    const quantity = event({ column_name: 'Quantity', old_value: '74215', new_value: null, delta: '-74215' });
    const { subject } = composeMail(content({ alerts: [told(quantity)] }), frame);
    expect(subject).toContain('Quantity changed from 74,215 to empty by');
  });

  it('knows a money column by the other title that the settings give it', () => {
    const total = event({ column_name: 'Total $' });
    const aliased = { ...frame, columnAliases: { 'total $': 'Units Total Price' } };
    expect(composeMail(content({ alerts: [told(total)] }), aliased).subject).toContain('$77,183.60');
  });

  it('says what is not known instead of inventing it', () => {
    const { text } = composeMail(content({ alerts: [told(event({ changed_by: null, risk_score: null }))] }), frame);
    expect(text).toMatch(/Who:\s+somebody unknown/);
    expect(text).toMatch(/Risk:\s+not known/);
    expect(text).toMatch(/From where:\s+not known/);
  });

  it('calls a small change with many reasons HIGH RISK, so that its severity does not hide it', () => {
    const risky = event({ severity: 'LOW', risk_score: 0.8 });
    expect(composeMail(content({ alerts: [told(risky)] }), frame).subject).toMatch(/^HIGH RISK: /);
  });

  const kinds = ['column_added', 'column_renamed', 'column_retyped', 'comment_created', 'attachment_deleted'] as const;
  it.each(['row_added', 'row_deleted', 'row_moved', ...kinds, 'watch_gap', 'sheet_checked'] as const)(
    'has words for %s',
    (kind) => {
      const { subject } = composeMail(content({ alerts: [told(event({ kind, column_name: null }))] }), frame);
      expect(subject).toMatch(/^HIGH: (Row|Column|Changes|A column|Comment|Attachment) /);
    },
  );

  it('begins with the prefix, and with [PRACTICE] before it in practice', () => {
    const practice = { ...frame, practice: true, subjectPrefix: '[Billing]' };
    const { subject, text, html } = composeMail(content(), practice);
    expect(subject).toMatch(/^\[PRACTICE\] \[Billing\] HIGH: /);
    expect(text).toMatch(/^PRACTICE DATA/);
    expect(html).toContain('Practice data');
  });
});

describe('what people typed into cells', () => {
  const evil = event({
    column_name: '<h1>Price</h1>',
    old_value: '<script>alert(1)</script>',
    new_value: '"><img src=x onerror=alert(2)>',
    changed_by: '</td><b>me</b>\r\nBcc: other@example.com',
    sheet_name: "'><iframe>",
    sheet_reference: 'javascript:alert(3)',
    work_request: '`${1}`<a href="https://evil.example.com">',
    suggested_fix: '<style>*{display:none}</style>',
    reasons: [{ factor: 'x', points: 1, because: '<svg onload=alert(4)>' }],
  });

  it.each(['first', 'update', 'digest'] as const)('never becomes HTML, a header or a link that runs: %s', (kind) => {
    const tallies = [
      {
        person: evil.changed_by,
        sheet_id: '1',
        sheet_name: evil.sheet_name,
        column_name: evil.column_name,
        severity: 'HIGH' as const,
        currency: 'USD',
        count: 1,
        delta: '-1',
      },
    ];
    const { subject, html, text } = composeMail(content({ kind, alerts: [told(evil)], tallies }), frame);
    expect(html.match(/<(script|img|iframe|svg|h1|style|b)\b/giu)).toBeNull();
    expect(html).not.toMatch(/href="(?!https:\/\/audit\.example\.com)/u);
    expect(html).not.toContain('javascript:');
    expect(text).not.toContain('javascript:');
    expect(subject).not.toMatch(/[\r\n]/u);
    // Every < of the document opens or closes an element of ours.
    const elements = new Set([...html.matchAll(/<\/?([a-z0-9]+)/giu)].map(([, name]) => name!.toLowerCase()));
    const ours = ['html', 'head', 'meta', 'title', 'body', 'div', 'table', 'tr', 'td', 'p', 'h2', 'span', 'a'];
    expect([...elements].filter((name) => !ours.includes(name))).toEqual([]);
  });

  it('is shortened, and cannot turn the text around', () => {
    const long = event({ old_value: 'x'.repeat(100_000), new_value: '\u202e0001$' });
    const { subject, html } = composeMail(content({ alerts: [told(long)] }), frame);
    expect(subject.length).toBeLessThanOrEqual(180);
    expect(html.length).toBeLessThan(20_000);
    expect(html).not.toContain('\u202e');
  });
});

describe('the mail of many alerts', () => {
  const alerts = Array.from({ length: 100 }, (_, index) => told(event({ row_id: String(index) })));
  const tally = (count: number, severity: 'HIGH' | 'LOW', delta: string) => ({
    person: 'anna@example.com',
    sheet_id: '1',
    sheet_name: 'Week 3',
    column_name: 'Units Total Price',
    severity,
    currency: 'USD',
    count,
    delta,
  });

  it('counts all of them by person, sheet and column, adds up the money, and lists the worst', () => {
    const tallies = [tally(9_000, 'HIGH', '-0.10'), tally(1_000, 'LOW', '-0.20')];
    const { subject, text, html } = composeMail(content({ kind: 'digest', total: 10_000, alerts, tallies }), frame);
    expect(subject).toBe('HIGH: Summary of 10,000 alerts that waited');
    expect(text).toContain(
      '10,000 changes by anna@example.com: Units Total Price, sheet Week 3 (9000 HIGH, 1000 LOW; -$0.30 in all)',
    );
    expect(text).toContain('And 9,960 more, counted above.');
    // Gmail cuts a mail at 102 kB, and with it the lines that say why one got it.
    expect(html.length).toBeLessThan(100_000);
  });

  it('is written twice alike', () => {
    const mail = content({ kind: 'update', total: 100, alerts, tallies: [tally(100, 'HIGH', '-1')] });
    expect(composeMail(mail, frame)).toEqual(composeMail(mail, frame));
  });
});
