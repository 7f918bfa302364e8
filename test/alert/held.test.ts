import { AlertBook } from '../../lib/alerts/book';
import type { AuditEvent } from '../../lib/event';
import { secretBox, storeOver } from '../../lib/store';
import { until } from '../support/until';
import { type House, openHouse, routeTo, rule } from './house';
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

const capped = rule({ findingsADay: 1, riskFrom: 0.3, severityFrom: 'NONE' });
const enlist = () => house.alerting.desk.enlist(capped, { mail: routeTo(office), channelUrl: null });
const store = () => storeOver(house.driver, { secrets: secretBox(new Uint8Array(32)) });

/** Worth telling by its risk alone. */
function mild(person: string, over: Partial<AuditEvent> = {}): AuditEvent {
  return event({
    ...{ changed_by: `${person}@example.com`, changed_at: new Date(house.clock).toISOString(), risk_score: 0.5 },
    ...{ severity: 'LOW', violation_type: 'NONE', is_historical: false, reasons: [] },
    ...{ event_key: `k:${person}`, row_id: `6${person.length}01` },
    ...over,
  });
}
async function recorded(...events: AuditEvent[]): Promise<void> {
  await house.record(events);
  house.alerting.wake();
  await until(async () => (await house.outbox()).undecided === 0, 'the decision');
}
const states = async (): Promise<unknown> =>
  (
    await house.driver.transaction([{ sql: 'select event_key, held from billing_audit.alerts order by event_key' }])
  ).map(({ event_key, held }) => [event_key, held]);
const sittings = async (): Promise<unknown> =>
  (
    await house.driver.transaction([
      {
        sql: 'select person, events::integer, score::float8 as score from billing_audit.sittings order by person, began_at',
      },
    ])
  ).map(({ person, events, score }) => [person, events, score]);

describe('what the cap holds back', () => {
  it('waits for one summary the next morning, and nothing is lost', async () => {
    await enlist();
    await recorded(mild('ana'), mild('ben'), mild('cid'));
    house.later(0.1);
    await until(() => office.arrived.length === 1, 'the one that is told at once');
    expect(office.arrived[0]?.text).toContain('ana');
    expect(await states()).toEqual([
      ['k:ana', false],
      ['k:ben', true],
      ['k:cid', true],
    ]);
    // It is 15:30 in London.
    house.later(15 * 60);
    await house.settled();
    expect(office.arrived).toHaveLength(1);
    house.later(31);
    await until(() => office.arrived.length === 2, 'the summary');
    expect(office.arrived[1]?.subject).toBe('Summary of 2 alerts that waited');
    expect(office.arrived[1]?.text).toContain('as many as you said you can look at in a day');
    for (const person of ['ben', 'cid']) expect(office.arrived[1]?.text).toContain(person);
  });

  describe('by one rule, and told by another to the same person', () => {
    const free = rule({ ruleId: 'node-2', riskFrom: 0.45, severityFrom: 'NONE' });
    const raise = (person: string) =>
      house.alerting.desk.raise(free, [{ eventKey: `k:${person}`, always: false, why: [] }]);

    it('is told at once', async () => {
      await enlist();
      await house.alerting.desk.enlist(free, { mail: routeTo(office), channelUrl: null });
      await recorded(mild('ana'), mild('ben'), mild('cid', { risk_score: 0.4 }));
      expect(await states()).toEqual([
        ['k:ana', false],
        ['k:ben', false],
        ['k:cid', true],
      ]);
      house.later(0.1);
      await until(() => office.arrived.length === 2, 'both that are told at once');
    });

    it('is told as soon as the other tells it, once', async () => {
      await enlist();
      await recorded(mild('ana'), mild('ben'), mild('cid'));
      house.later(0.1);
      await until(() => office.arrived.length === 1, 'the one that is told at once');
      await raise('ben');
      await raise('ben');
      house.later(0.1);
      await until(() => office.arrived.length === 2, 'the one of the other rule');
      expect(office.arrived[1]?.text).toContain('ben');
      // The last of a summary takes it along.
      await raise('cid');
      house.later(0.1);
      await until(() => office.arrived.length === 3, 'the summary of one');
      expect(office.arrived[2]?.text).toContain('cid');
      house.later(24 * 60);
      await house.settled();
      expect(office.arrived).toHaveLength(3);
      expect(await states()).toEqual([
        ['k:ana', false],
        ['k:ben', false],
        ['k:cid', false],
      ]);
    });
  });

  describe('and the same recipient of two rules', () => {
    const eager = rule({ ruleId: 'eager', findingsADay: 5, riskFrom: 0.3, severityFrom: 'NONE' });
    const calm = rule({ ruleId: 'calm', findingsADay: 5, riskFrom: 0.45, severityFrom: 'NONE' });
    const told = async (by: typeof eager, key: string) => (await house.alerting.desk.decided!(by, key)).told;
    const bell = async () =>
      (await store().alerts({ limit: 9 })).alerts.map((each) => each as unknown as { why: unknown[] });

    it('gets one mail that says what both of them say, and each rule answers for itself', async () => {
      for (const each of [eager, calm]) {
        await house.alerting.desk.enlist(each, { mail: routeTo(office), channelUrl: null });
      }
      await recorded(mild('zoe'), mild('ben', { risk_score: 0.4 }));
      house.later(0.1);
      await until(() => office.arrived.length === 2, 'one mail for each event');
      await house.settled();
      const about = (person: string) => office.arrived.filter(({ text }) => text.includes(person));
      expect(about('zoe')).toHaveLength(1);
      expect(about('zoe')[0]?.text).toContain('you are told from 30');
      expect(about('zoe')[0]?.text).toContain('you are told from 45');
      expect(about('ben')[0]?.text).not.toContain('you are told from 45');
      expect((await told(eager, 'k:zoe'))?.why).toMatchObject([
        { because: expect.stringContaining('from 30') as string },
      ]);
      expect((await told(calm, 'k:zoe'))?.why).toMatchObject([
        { because: expect.stringContaining('from 45') as string },
      ]);
      // What another rule alone tells is no alert of this one.
      expect(await told(eager, 'k:ben')).not.toBeNull();
      expect(await told(calm, 'k:ben')).toBeNull();
    });

    it('sees at the bell what a rule says that came when the mail had gone, and is not mailed again', async () => {
      await house.alerting.desk.enlist(eager, { mail: routeTo(office), channelUrl: null });
      await recorded(mild('ana'));
      house.later(0.1);
      await until(() => office.arrived.length === 1, 'the mail of the first rule');
      await house.alerting.desk.enlist(calm, { mail: routeTo(office), channelUrl: null });
      const why = [{ code: 'risk', because: 'The calm rule asks for it too.' }];
      for (let times = 0; times < 2; times += 1) {
        await house.alerting.desk.raise(calm, [{ eventKey: 'k:ana', always: false, why }]);
      }
      house.later(24 * 60);
      await house.settled();
      expect(office.arrived).toHaveLength(1);
      expect(await bell()).toMatchObject([{ why: [{ code: 'risk' }, { because: 'The calm rule asks for it too.' }] }]);
      expect(await told(calm, 'k:ana')).toMatchObject({ why });
    });

    it('is not told that it waited, of what one of them held back and the other told at once', async () => {
      const full = rule({ ...eager, findingsADay: 1 });
      await house.alerting.desk.enlist(full, { mail: routeTo(office), channelUrl: null });
      await house.alerting.desk.enlist(calm, { mail: routeTo(office), channelUrl: null });
      await recorded(mild('ana'), mild('ben'));
      house.later(0.1);
      await until(() => office.arrived.length === 2, 'both that are told at once');
      const mail = office.arrived.find(({ text }) => text.includes('ben'))?.text ?? '';
      expect(mail).toContain('you are told from 30');
      expect(mail).toContain('you are told from 45');
      expect(mail).not.toContain('waited for the summary');
      expect(await told(full, 'k:ben')).toBeNull();
      expect(await told(calm, 'k:ben')).not.toBeNull();
    });
  });

  it('is never what is always told', async () => {
    await enlist();
    await recorded(mild('ana'), mild('ben'), event({ event_key: 'k:grave', changed_at: mild('x').changed_at }));
    expect(await states()).toEqual([
      ['k:ana', false],
      ['k:ben', true],
      ['k:grave', false],
    ]);
    house.later(0.1);
    await until(() => office.arrived.length === 2, 'both that are told at once');
  });

  it('rings no bell, and stands with the others once somebody asks the store', async () => {
    await enlist();
    await recorded(mild('ana'), mild('ben'));
    expect(await store().alerts({ limit: 9 })).toMatchObject({ total: 1, alerts: [{ event_key: 'k:ana' }] });
    expect(await store().seenAlerts({ by: 'boss@example.com', role: 'viewer' })).toMatchObject({ total: 1 });
  });

  it('begins anew at midnight, business time', async () => {
    await enlist();
    await recorded(mild('ana'));
    house.later(8 * 60 + 31);
    await recorded(mild('ben'), mild('cid'));
    expect(await states()).toEqual([
      ['k:ana', false],
      ['k:ben', false],
      ['k:cid', true],
    ]);
  });
});

describe('the count of sittings', () => {
  it('lays a sitting together over batches and restarts, and counts an event once however often it is decided', async () => {
    await enlist();
    await recorded(mild('ana'), mild('ana', { event_key: 'k:ana:2', risk_score: 0.6 }));
    await house.alerting.stop();
    house.second();
    house.later(20);
    const again = mild('ana', { event_key: 'k:ana:3' });
    await house.record([again]);
    await until(async () => (await house.outbox()).undecided === 0, 'the decision of the one who came after');
    expect(await sittings()).toEqual([['ana@example.com', 3, 0.6]]);
    // Two who had read the same queue: the second takes nothing out.
    const book = new AlertBook(house.driver);
    const seqs = await house.driver.transaction([
      { sql: 'select stream, seq::integer from billing_audit.audit_events' },
    ]);
    const decided = seqs as unknown as { stream: string; seq: number }[];
    const alert = { eventKey: again.event_key, ruleId: capped.ruleId, always: false, why: [], held: true };
    expect(await book.raise([alert], decided, again.changed_at)).toMatchObject({ raised: 0 });
    expect(await sittings()).toEqual([['ana@example.com', 3, 0.6]]);
    expect(await states()).toEqual([
      ['k:ana', false],
      ['k:ana:2', false],
      ['k:ana:3', false],
    ]);
  });

  it('tells how the promise is kept, with what reviewers confirmed', async () => {
    await enlist();
    await recorded(mild('ana'), mild('ben'), mild('cid', { risk_score: 0.1 }));
    const reviewer = { by: 'auditor@example.com', role: 'auditor' } as const;
    await store().judge({ event_key: 'k:ben', verdict: 'true', ...reviewer });
    house.later(60);
    const asked = { at: new Date(house.clock).toISOString() };
    const answer = await house.driver.rpc('billing_audit_promise', asked);
    expect(answer).toMatchObject({
      normal: [
        { score: 0.1, modelled: false, sittings: 1 },
        { score: 0.5, modelled: false, sittings: 1 },
      ],
      problems: [{ score: 0.5, risk: 0.5, severity: 'NONE', always: false, told: false }],
      rules: [{ rule_id: 'node-1', findings_a_day: 1, severity_from: 'NONE', told_today: 1, held_today: 1 }],
    });
    expect(answer).toMatchObject({ rules: [{ told_normal: 1 }] });
    await store().judge({ event_key: 'k:ben', verdict: 'unsure', ...reviewer });
    expect(await house.driver.rpc('billing_audit_promise', asked)).toMatchObject({ problems: [] });
  });

  it('tells of a problem its highest risk and the highest severity of its violations', async () => {
    await enlist();
    const violation = { violation_type: 'DATE_VALIDATION_ERROR', severity: 'MEDIUM' } as const;
    await recorded(
      mild('ana', { ...violation, risk_score: 0.1 }),
      mild('ana', { event_key: 'k:ana:2', severity: 'HIGH', risk_score: 0.35 }),
      mild('ana', { event_key: 'k:ana:3', severity: 'HIGH', violation_type: 'APPROVED_CORRECTION', risk_score: 0 }),
    );
    // It goes on later, and what was said of it stays.
    await recorded(mild('ana', { event_key: 'k:ana:4', ...violation, severity: 'LOW', risk_score: null }));
    await recorded(mild('ben', { risk_score: null, anomaly_score: 0.8 }));
    const reviewer = { by: 'auditor@example.com', role: 'auditor' } as const;
    for (const event_key of ['k:ana', 'k:ben']) await store().judge({ event_key, verdict: 'true', ...reviewer });
    const asked = { at: new Date(house.clock).toISOString() };
    expect(await house.driver.rpc('billing_audit_promise', asked)).toMatchObject({
      problems: [
        { score: 0.35, modelled: false, risk: 0.35, severity: 'MEDIUM', told: true },
        { score: 0.8, modelled: true, risk: null, severity: 'NONE', told: false },
      ],
    });
  });

  it('names nobody any more who was erased', async () => {
    await enlist();
    await recorded(mild('ana'));
    const asked = { person: 'ana@example.com', reason: 'request', dry_run: false };
    await house.driver.rpc('billing_audit_erase', { ...asked, by: 'admin@example.com', role: 'admin' });
    expect(await sittings()).toEqual([['', 1, 0.5]]);
  });
});

describe('the Alert node', () => {
  it('is told by the desk what was decided of its event, by the sitting', async () => {
    await enlist();
    await house.record([mild('ana'), mild('ben')]);
    const { decided } = house.alerting.desk;
    expect(await decided?.(capped, 'k:ana')).toMatchObject({ recorded: true, told: { always: false } });
    expect(await decided?.(capped, 'k:ben')).toMatchObject({ recorded: true, told: null });
    expect(await decided?.(capped, 'k:nobody')).toEqual({ recorded: false, told: null });
  });

  it('tells those who were told before when fewer findings are told at once', async () => {
    await enlist();
    const book = new AlertBook(house.driver);
    const at = new Date(house.clock).toISOString();
    expect(await book.saveRule({ ...capped, findingsADay: 5 }, at)).toEqual({ weakened: [] });
    expect(await book.saveRule({ ...capped, findingsADay: 4 }, at)).toEqual({
      weakened: ['At most 4 findings a day are told at once instead of 5; the rest waits for a summary.'],
    });
    await expect(book.saveRule({ ...capped, findingsADay: 0 }, at)).rejects.toMatchObject({ sqlstate: '23514' });
  });
});
