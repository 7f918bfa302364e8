import { BadNumbers, type Comparison, decide, seededRandom } from '../../lib/risk';

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** 4,000 events, 40 incidents of 3 events in four patterns; a model's skill is how far it lifts a finding. */
function comparison(championSkill: number, challengerSkill: number, more: Partial<Comparison> = {}): Comparison {
  const random = seededRandom(4);
  const noise = Array.from({ length: 4000 }, () => random() + random() + random() - 1.5);
  const incidents = noise.map((_, row) => (row < 120 ? `incident ${Math.floor(row / 3)}` : null));
  const labels = noise.map((_, row) => (row < 120 ? 1 : 0));
  const judged = (skill: number) => {
    const ranks = noise.map((value, row) => value + (labels[row] ? skill : 0));
    // Calibrated on the spot: a finding's chance rises with how far it stands out.
    const risks = ranks.map((rank) => (skill > 3 ? sigmoid(12 * (rank - 1.6)) : sigmoid(4 * (rank - 1.8))));
    return { ranks, risks, realisedOverPromised: 1 };
  };
  return {
    labels,
    incidents,
    categories: incidents.map((incident, row) =>
      incident === null ? null : ['salami', 'padding', 'burst', 'copies'][row % 4]!,
    ),
    champion: judged(championSkill),
    challenger: judged(challengerSkill),
    ...more,
  };
}

const passed = (decision: ReturnType<typeof decide>, name: string): boolean | undefined =>
  decision.gates.find((gate) => gate.name === name)?.passed;

describe('the gates of promotion', () => {
  it('let a clearly better model through, and say why', () => {
    const decision = decide(comparison(1, 3.5));
    expect(decision.gates.filter((gate) => !gate.passed)).toEqual([]);
    expect(decision.promote).toBe(true);
    for (const { because } of decision.gates) expect(because).toMatch(/^[A-Z].*\.$/u);
  });

  it('refuse a worse one, and one that is only as good', () => {
    const worse = decide(comparison(3.5, 1));
    expect(worse.promote).toBe(false);
    expect(passed(worse, 'incidents')).toBe(false);
    const same = decide(comparison(2, 2));
    expect(same.promote).toBe(false);
    expect(passed(same, 'incidents')).toBe(true);
    expect(passed(same, 'better')).toBe(false);
  });

  it('refuse one that loses a pattern, though it is better on the whole', () => {
    const given = comparison(1, 3.5);
    const ranks = Array.from(given.challenger.ranks).map((rank, row) =>
      given.categories[row] === 'copies' ? -2 : rank,
    );
    const decision = decide({ ...given, challenger: { ...given.challenger, ranks } });
    expect(decision.promote).toBe(false);
    expect(decision.gates.find(({ name }) => name === 'patterns')?.because).toMatch(/copies/u);
  });

  it('refuse one that breaks the promise, or is not calibrated', () => {
    const given = comparison(1, 3.5);
    const loud = decide({ ...given, challenger: { ...given.challenger, realisedOverPromised: 1.6 } });
    expect([loud.promote, passed(loud, 'promise')]).toEqual([false, false]);
    const bold = decide({ ...given, challenger: { ...given.challenger, risks: given.incidents.map(() => 0.5) } });
    expect([bold.promote, passed(bold, 'calibration')]).toEqual([false, false]);
  });

  it('refuse to judge by too few incidents', () => {
    const given = comparison(1, 3.5);
    const few = given.incidents.map((incident, row) => (row < 9 ? incident : null));
    const decision = decide({
      ...given,
      incidents: few,
      labels: few.map((incident) => (incident ? 1 : 0)),
      categories: few,
    });
    expect(decision).toMatchObject({ promote: false, gates: [{ name: 'enough' }] });
  });

  it('decide the same for the same seed', () => {
    expect(decide(comparison(1, 1.2), 5)).toEqual(decide(comparison(1, 1.2), 5));
  });

  it('refuse lists of different lengths', () => {
    const given = comparison(1, 2);
    expect(() => decide({ ...given, categories: [] })).toThrow(BadNumbers);
  });
});
