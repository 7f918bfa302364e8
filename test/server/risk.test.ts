import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { areaUnderCurve, FEATURES } from '../../lib/risk';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';
import { runCli } from './cli';

const folder = mkdtempSync(join(tmpdir(), 'billing-audit-risk-'));
const file = (name: string): string => join(folder, name);
const lines = (name: string, values: readonly unknown[]): string => {
  writeFileSync(file(name), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return file(name);
};

/** Eight weeks of a small company: six teach, the last two are scored. */
const company = {
  ...firstWorld,
  weeks: 8,
  sheets: 4,
  staff: { foreman: 6, clerk: 3, supervisor: 2, admin: 1, service: 1 },
  stormWeeks: [4],
};
const { events, truth, context } = makeStream(company, 42);
const border = events.findIndex(({ changed_at }) => changed_at >= '2025-02-17');
const contextFile = lines('context.jsonl', context);
const labels = truth
  .filter(({ label }) => label === 1)
  .map(({ event_key, label, incident, pattern }) => ({ event_key, label, incident, pattern }));
const older = lines('older.jsonl', events.slice(0, border));
const newer = lines('newer.jsonl', events.slice(border));
const model = file('model.json');
const train = (...more: string[]) =>
  runCli(['train', '--events', older, '--context', contextFile, '--model', model, ...more], folder);

afterAll(() => rmSync(folder, { recursive: true }));

describe('billing-audit train', () => {
  it('prints one JSON object, and gives the same model, byte for byte, for the same files', () => {
    const first = train('--labels', lines('labels.jsonl', labels));
    expect(first.stderr).toBe('');
    const report = JSON.parse(first.stdout) as Record<string, number>;
    expect(report).toMatchObject({
      model,
      events: border,
      features: FEATURES.length,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/u),
    });
    expect(report['labelled']).toBeGreaterThan(50);
    expect(report['bytes']).toBeLessThan(2 * 1024 * 1024);
    const bytes = readFileSync(model, 'utf8');
    train('--labels', file('labels.jsonl'));
    expect(readFileSync(model, 'utf8') === bytes).toBe(true);
  });

  it.each<[string, string[], RegExp]>([
    ['a file that is not there', ['train', '--events', 'no.jsonl', '--model', 'm'], /no\.jsonl cannot be read/u],
    [
      'too few events',
      ['train', '--events', lines('few.jsonl', events.slice(0, 3)), '--model', file('m')],
      /3 events are too few/u,
    ],
    [
      'a broken line',
      ['train', '--events', broken(), '--model', file('m')],
      /Line 2 of .*broken\.jsonl is not a JSON object/u,
    ],
    [
      'a line that is no event',
      ['train', '--events', lines('odd.jsonl', [{ a: 1 }]), '--model', file('m')],
      /Line 1 of .* is not an event: changed_at/u,
    ],
    [
      'a label that is none',
      [
        'train',
        '--events',
        older,
        '--labels',
        lines('bad.jsonl', [{ event_key: 'x', label: 7 }]),
        '--model',
        file('m'),
      ],
      /Line 1 of .*bad\.jsonl is not a label/u,
    ],
    ['a seed that is no number', ['train', '--events', older, '--seed', 'x', '--model', file('m')], /"--seed" is "x"/u],
  ])('refuses %s, and says what to do', (_, flags, message) => {
    const { stderr, status } = runCli(flags, folder);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(status).toBeGreaterThanOrEqual(2);
  });
});

describe('billing-audit score', () => {
  it('gives each line back, in order, with its scores and reasons; fraud stands above the rest', () => {
    train('--labels', file('labels.jsonl'));
    const { stdout, stderr } = runCli(['score', '--events', newer, '--context', contextFile, '--model', model], folder);
    expect(stderr).toBe('');
    const scored = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(scored.map(({ event_key }) => event_key)).toEqual(events.slice(border).map(({ event_key }) => event_key));
    for (const { risk_score, anomaly_score, predicted_category, reasons } of scored) {
      expect(risk_score).toBeGreaterThanOrEqual(0);
      expect(risk_score).toBeLessThanOrEqual(1);
      expect(anomaly_score).toBeGreaterThanOrEqual(0);
      expect(anomaly_score).toBeLessThanOrEqual(1);
      expect(typeof predicted_category).toBe('string');
      expect(Array.isArray(reasons)).toBe(true);
    }
    const hidden = truth.slice(border).map(({ label }) => label);
    expect(
      areaUnderCurve(
        hidden,
        scored.map(({ risk_score }) => risk_score as number),
      ),
    ).toBeGreaterThan(0.8);
    const worst = [...scored].sort(
      (left, right) => (right['risk_score'] as number) - (left['risk_score'] as number),
    )[0]!;
    expect((worst['reasons'] as { because: string }[])[0]?.because).toMatch(/^[A-Z].*\.$/u);
  });

  it('gives rule points without a model', () => {
    const at = '2025-02-22T03:00:00.000Z';
    const one = {
      event_key: 'k',
      changed_at: at,
      changed_by: 'ann@example.com',
      column_name: 'Units Total Price',
      old_value: '10',
      new_value: '5010',
      delta: '5000',
      is_historical: true,
      week_ending: '2025-02-02',
      row_id: '1',
      sheet_id: '2',
    };
    const { stdout } = runCli(['score', '--events', lines('one.jsonl', [one])], folder);
    // Friday 21:00 in Chicago: outside hours 30, locked week 40, large change 30.
    expect(JSON.parse(stdout)).toMatchObject({ ...one, risk_score: 1, anomaly_score: null, predicted_category: null });
    expect((JSON.parse(stdout) as { reasons: { factor: string }[] }).reasons.map(({ factor }) => factor)).toEqual([
      'outside_business_hours',
      'locked_week',
      'large_change',
    ]);
  });

  it('refuses a damaged model, and one of another kind', () => {
    writeFileSync(file('cut.json'), '{"kind":"risk-eng');
    expect(runCli(['score', '--events', newer, '--model', file('cut.json')], folder).stderr).toMatch(
      /not a risk engine that can be used: .*cut\.json cannot be read/u,
    );
    writeFileSync(file('other.json'), '{"kind":"other"}');
    expect(runCli(['score', '--events', newer, '--model', file('other.json')], folder)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/its kind is other/u),
    });
  });
});

function broken(): string {
  writeFileSync(file('broken.jsonl'), `${JSON.stringify(events[0])}\n{"changed_at":\n`);
  return file('broken.jsonl');
}
