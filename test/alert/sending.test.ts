import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until';
import { type House, openHouse, paste, routeTo, rule } from './house';
import { openPostOffice, type PostOffice } from './post-office';
import { event } from './samples';

let office: PostOffice;
let house: House;

beforeEach(async () => {
  office = await openPostOffice();
  house = await openHouse();
});
afterEach(async () => {
  await house.close();
  await office.close();
});

const enlist = (over: Parameters<typeof rule>[0] = {}) =>
  house.alerting.desk.enlist(rule(over), { mail: routeTo(office), channelUrl: null });

const price = event();
const quantity = event({
  column_name: 'Quantity',
  old_value: '74215',
  new_value: '0',
  delta: '-74215',
  event_key: '4583173393803140:5001:2:1',
});

describe('a recorded event that matters', () => {
  it('is mailed at once, both cells of the row in one mail, named after the money', async () => {
    await enlist();
    await house.record([quantity, price]);
    house.alerting.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decision');
    house.later(0.1);
    await until(() => office.arrived.length > 0, 'the mail');
    await house.settled();
    expect(office.arrived).toHaveLength(1);
    const [mail] = office.arrived;
    expect(mail!.subject).toBe(
      'HIGH: Units Total Price changed from $77,183.60 to $0.00 by customer-12346 in a closed week (and 1 more)',
    );
    expect(mail!.to.text).toBe('manager@example.com');
    expect(mail!.from.text).toContain('audit@example.com');
    expect(mail!.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail!.text).toContain('Open the row: https://app.smartsheet.com/sheets/abc?rowId=5001');
    expect(mail!.html).toContain('customer-12346@example.com');
  });

  it('is decided though its message never reaches the node, and once though it does so twice', async () => {
    await enlist();
    await house.record([price]);
    const again = [{ eventKey: price.event_key, always: true, why: [] }];
    await Promise.all([house.alerting.desk.raise(rule(), again), house.alerting.desk.raise(rule(), again)]);
    house.later(0.1);
    await until(() => office.arrived.length > 0, 'the mail');
    house.later(30);
    await house.settled();
    expect(office.arrived).toHaveLength(1);
  });

  it('is not told when it is small, and waits for nobody', async () => {
    await enlist();
    await house.record([
      event({ severity: 'LOW', violation_type: 'NONE', is_historical: false, risk_score: 0.3, reasons: [] }),
    ]);
    house.later(30);
    await house.settled();
    expect(office.arrived).toHaveLength(0);
    expect((await house.outbox()).states).toEqual({});
  });

  it('names the keys that are not in the trail instead of telling of them', async () => {
    await enlist();
    const { unrecorded } = await house.alerting.desk.raise(rule(), [{ eventKey: '9:9:9:9', always: true, why: [] }]);
    expect(unrecorded).toEqual(['9:9:9:9']);
  });
});

describe('many events', () => {
  it('makes one mail and one summary of a paste of 300 cells', async () => {
    await enlist();
    await house.record(paste(300));
    house.alerting.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decisions');
    house.later(0.1);
    await until(() => office.arrived.length === 1, 'the first mail');
    await house.settled();
    expect(office.arrived).toHaveLength(1);
    house.later(10);
    await until(() => office.arrived.length === 2, 'the summary');
    house.later(120);
    await house.settled();
    expect(office.arrived).toHaveLength(2);
    const [first, update] = office.arrived;
    expect(update!.subject).toContain('299 more alerts about customer-12346');
    expect(update!.text).toContain('299 changes by customer-12346@example.com');
    expect(update!.inReplyTo).toBe(first!.messageId);
  });

  it('sends ten mails an hour and then one summary that names all the rest by count', async () => {
    await enlist();
    const people = Array.from({ length: 25 }, (_, index) => `person-${index + 1}@example.com`);
    await house.record(people.flatMap((changed_by) => paste(2, { changed_by })));
    house.alerting.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decisions');
    house.later(0.1);
    await until(() => office.arrived.length === 10, 'ten mails');
    house.later(15);
    await house.settled();
    expect(office.arrived).toHaveLength(10);
    house.later(50);
    await until(() => office.arrived.length === 11, 'the summary');
    house.later(200);
    await house.settled();
    expect(office.arrived).toHaveLength(11);
    const summary = office.arrived[10]!;
    expect(summary.subject).toBe('HIGH: Summary of 40 alerts that waited');
    const counted = [...summary.text.matchAll(/- (\d+) changes? by person-\d+@example\.com/gu)];
    expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(40);
    expect((await house.outbox()).states).toMatchObject({ sent: 11 });
  });

  it('never sends a mail twice though two senders share the store', async () => {
    const other = house.second();
    await enlist();
    await other.desk.enlist(rule(), { mail: routeTo(office), channelUrl: null });
    const people = Array.from({ length: 8 }, (_, index) => `person-${index + 1}@example.com`);
    await house.record(people.flatMap((changed_by) => paste(1, { changed_by })));
    house.alerting.wake();
    other.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decisions');
    house.later(0.1);
    await until(() => office.arrived.length === 8, 'eight mails');
    house.later(60);
    await house.settled();
    expect(new Set(office.arrived.map(({ messageId }) => messageId)).size).toBe(8);
    expect(office.texts).toHaveLength(8);
  });
});

describe('who is told of weaker alerts', () => {
  it('tells those who were told before when a recipient is taken away or a threshold rises', async () => {
    await enlist();
    await enlist({ recipients: ['other@example.com'], riskFrom: 0.9 });
    house.later(0.1);
    await until(() => office.arrived.length === 1, 'the notice');
    expect(office.arrived[0]!.to.text).toBe('manager@example.com');
    expect(office.arrived[0]!.subject).toBe('HIGH: Alerts were made to tell less');
    expect(office.arrived[0]!.text).toContain('manager@example.com gets no alerts any more.');
  });

  it('tells the recipients when the node is removed, and nobody when it is only deployed anew', async () => {
    const end = await enlist();
    await end({ removed: false });
    const endAgain = await enlist();
    await endAgain({ removed: true });
    await enlist({ ruleId: 'node-2', recipients: ['auditor@example.com'] });
    house.later(0.1);
    await until(() => office.arrived.length === 1, 'the notice');
    await house.settled();
    expect(office.arrived.map(({ subject, to }) => [subject, to.text])).toEqual([
      ['HIGH: Alerts were switched off', 'manager@example.com'],
    ]);
  });
});

describe('without a mail server', () => {
  it('keeps mails in the outbox, says so, and sends them once there is one', async () => {
    await house.alerting.desk.enlist(rule(), { mail: null, channelUrl: null });
    await house.record([price]);
    house.alerting.wake();
    await until(async () => (await house.outbox()).states['pending'] === 1, 'a waiting mail');
    expect((await house.alerting.health()).text).toContain('1 mail waiting: no SMTP_URL is set');
    await enlist();
    house.later(0.1);
    await until(() => office.arrived.length === 1, 'the mail');
  });

  it('shows alerts that have no recipient, and mails nobody', async () => {
    await enlist({ recipients: [] });
    await house.record([price]);
    house.alerting.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decision');
    const shown = (await house.driver.rpc('billing_audit_alerts', {})) as {
      unread: number;
      alerts: { recipients: unknown[] }[];
    };
    expect(shown.unread).toBe(1);
    expect(shown.alerts[0]!.recipients).toEqual([]);
    expect((await house.outbox()).states).toEqual({});
  });
});

describe('practice', () => {
  it('writes mails to a folder and never reaches the server that SMTP_URL and the node name', async () => {
    const practice = house.second({
      practice: true,
      environment: { SMTP_URL: `smtp://127.0.0.1:${office.port}`, ALERT_FROM: 'audit@example.com' },
    });
    await house.alerting.stop();
    expect(practice.desk.practice).toBe(true);
    await practice.desk.enlist(rule(), { mail: routeTo(office), channelUrl: null });
    await house.record([price]);
    practice.wake();
    const folder = join(house.folder, 'outbox');
    house.later(0.1);
    const [file] = await until(() => {
      house.later(0.01);
      const found = readdirSync(folder).filter((name) => name.endsWith('.eml'));
      return found.length > 0 && found;
    }, 'the file');
    expect(readFileSync(join(folder, file!), 'utf8')).toContain('[PRACTICE]');
    expect(office.connections).toBe(0);
  });
});
