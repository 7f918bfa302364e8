import { until } from '../support/until';
import { readRoute } from '../../lib/alerts';
import { smtpTransport } from '../../lib/alerts/smtp-transport';
import { MailFailure } from '../../lib/alerts/mail-transport';
import { type House, openHouse, routeTo, rule } from './house';
import { newFolder, removeFolder } from '../support/store';
import { type Mood, openPostOffice, type PostOffice } from './post-office';
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

const channelUrl = 'https://hooks.slack.example.com/services/secret';

/** One alert that meets the server in this mood. */
async function oneAlert(mood: Mood, over: Parameters<typeof event>[0] = {}): Promise<void> {
  office.mood = mood;
  await house.alerting.desk.enlist(rule({ severityFrom: 'LOW' }), { mail: routeTo(office), channelUrl });
  await house.record([event(over)]);
  house.alerting.wake();
  await until(async () => (await house.outbox()).undecided === 0, 'the decision');
  house.later(0.1);
}

const troubled = () => until(async () => (await house.outbox()).trouble[0], 'a mail in trouble');
const tries = (attempts: number) =>
  until(async () => {
    const [mail] = (await house.outbox()).trouble;
    return mail && mail.attempts >= attempts && mail.state !== 'sending' ? mail : null;
  }, `${attempts} tries`);

describe('a mail server', () => {
  it('that refuses the mailbox for good makes the mail dead and visible, and the second channel is told', async () => {
    await oneAlert('refuse-550');
    const mail = await until(
      async () => (await house.outbox()).trouble.find(({ state }) => state === 'dead'),
      'a dead mail',
    );
    expect(mail.error).toMatch(/550.*no such mailbox/);
    expect((await house.alerting.health()).status).toBe('degraded');
    await until(() => house.posted.length === 1, 'the second channel');
    expect(house.posted[0]!.url).toBe(channelUrl);
    expect(house.posted[0]!.body).toMatch(/manager@example\.com was refused/);
    house.later(300);
    await house.settled();
    expect(office.connections).toBe(1);
    expect(house.posted).toHaveLength(1);
  });

  it('that finds the text unacceptable makes the mail dead', async () => {
    await oneAlert('refuse-data-554');
    await until(async () => (await house.outbox()).trouble.some(({ state }) => state === 'dead'), 'a dead mail');
  });

  it('that wants it later gets it after 1, 5 and 15 minutes, and the second channel hears of it after three tries', async () => {
    await oneAlert('later-451');
    await tries(1);
    house.later(1);
    await tries(2);
    expect(house.posted).toHaveLength(0);
    house.later(5);
    await tries(3);
    await until(() => house.posted.length === 1, 'the second channel');
    expect(house.posted[0]!.body).toContain('was tried 3 times');
    office.mood = 'well';
    house.later(15);
    await until(() => office.arrived.length === 1, 'the mail');
    await house.settled();
    expect((await house.outbox()).states).toEqual({ sent: 1 });
    expect(house.posted).toHaveLength(1);
  });

  it('is given up after 48 hours, and the mail stays visible', async () => {
    await oneAlert('later-451');
    await tries(1);
    house.later(49 * 60);
    const mail = await until(
      async () => (await house.outbox()).trouble.find(({ state }) => state === 'dead'),
      'a dead mail',
    );
    expect(mail.error).toContain('Given up after 48 hours');
  });

  it('that stalls holds up neither the recording nor the deciding of events', async () => {
    await oneAlert('stall');
    await until(() => office.connections === 1, 'a connection that hangs');
    await house.record([event({ row_id: '6001', changed_by: 'other@example.com' })]);
    house.alerting.wake();
    await until(async () => {
      const { undecided, states } = await house.outbox();
      return undecided === 0 && states['pending'] === 1 && states['sending'] === 1;
    }, 'a second mail that waits behind the one that hangs');
    expect(office.arrived).toHaveLength(0);
  });

  it('that dies after the text gets a HIGH mail again under the same Message-ID', async () => {
    await oneAlert('die-after-data');
    await tries(1);
    office.mood = 'well';
    house.later(2);
    await until(() => office.arrived.length === 1, 'the mail');
    await house.settled();
    const ids = office.texts.map((text) => /^message-id: (.+)$/im.exec(text)![1]);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('that dies after the text of a lesser mail leaves it to a person, who can send it again', async () => {
    await oneAlert('die-after-data', { severity: 'MEDIUM', risk_score: 0.4, reasons: [] });
    const mail = await until(
      async () => (await house.outbox()).trouble.find(({ state }) => state === 'uncertain'),
      'an uncertain mail',
    );
    office.mood = 'well';
    house.later(300);
    await house.settled();
    expect(office.arrived).toHaveLength(0);
    await house.driver.rpc('billing_audit_retry_mail', {
      mail_id: mail.mail_id,
      at: new Date(house.clock).toISOString(),
    });
    await until(() => office.arrived.length === 1, 'the mail');
  });

  it('that refuses the password keeps mails waiting, and says what to correct without showing it', async () => {
    const strict = await openPostOffice({ login: { user: 'audit@example.com', password: 'right' } });
    const url = `smtp://audit%40example.com:wrong-secret@127.0.0.1:${strict.port}`;
    await house.alerting.desk.enlist(rule(), { mail: readRoute({ url, from: '' }), channelUrl: null });
    await house.record([event()]);
    house.alerting.wake();
    await until(async () => (await house.outbox()).undecided === 0, 'the decision');
    house.later(0.1);
    const mail = await troubled();
    expect(mail.state).not.toBe('dead');
    const { text, status } = await until(async () => {
      const health = await house.alerting.health();
      return health.text.includes('login') && health;
    }, 'health that names the login');
    expect(status).toBe('degraded');
    expect(text).toContain('Correct the user and password of SMTP_URL');
    expect(JSON.stringify([text, house.logged, await house.outbox()])).not.toContain('wrong-secret');
    await strict.close();
  });
});

describe('an encrypted connection', () => {
  const mail = {
    from: 'audit@example.com',
    to: 'manager@example.com',
    subject: 'x',
    text: 'x',
    html: 'x',
    messageId: '<1@example.com>',
    inReplyTo: null,
    date: 0,
  };
  const deliver = (tls: 'required' | 'direct', port: number, handOver: () => Promise<boolean>): Promise<unknown> =>
    smtpTransport({ server: { host: '127.0.0.1', port, tls, login: null }, from: mail.from })
      .deliver(mail, handOver, new AbortController().signal)
      .catch((thrown: unknown) => thrown);

  it('is refused where the server offers none, before anything is handed over', async () => {
    const handOver = jest.fn(() => Promise.resolve(true));
    const failure = await deliver('required', office.port, handOver);
    expect(failure).toBeInstanceOf(MailFailure);
    expect(failure).toMatchObject({ kind: 'later', hint: expect.stringContaining('STARTTLS') });
    expect(handOver).not.toHaveBeenCalled();
  });

  it('is refused where nobody vouches for the certificate', async () => {
    const folder = newFolder();
    const shady = await openPostOffice({ tls: 'self-signed', folder });
    const failure = await deliver('required', shady.port, () => Promise.resolve(true));
    expect(failure).toMatchObject({ kind: 'later', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(shady.texts).toHaveLength(0);
    await shady.close();
    removeFolder(folder);
  });

  it('hands over nothing once another sender has the mail', async () => {
    const failure = await smtpTransport(routeTo(office))
      .deliver(mail, () => Promise.resolve(false), new AbortController().signal)
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ kind: 'lost' });
    expect(office.arrived).toHaveLength(0);
  });
});
