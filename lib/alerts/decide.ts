import type { AuditEvent } from '../event';
import type { WhyTold } from '../mail';

/** From when on a rule tells its recipients. */
export interface AlertThresholds {
  /** 0..1. */
  readonly riskFrom: number;
  /** Least severity of a violation; NONE = severity alone tells nobody. */
  readonly severityFrom: 'HIGH' | 'MEDIUM' | 'LOW' | 'NONE';
}

export interface Decision {
  /** True when no setting can keep it back. */
  readonly always: boolean;
  readonly why: readonly WhyTold[];
}

/** Rule points, in hundredths, from which on everybody is told: DESIGN §3. */
export const ALWAYS_FROM_POINTS = 70;

const RANK = { LOW: 1, MEDIUM: 2, HIGH: 3, NONE: 9 } as const;

/**
 * Whether people are told of an event, and why. Pure; the same for every way that leads to an alert.
 * @returns null when nobody is told
 */
export function decide(event: AuditEvent, thresholds: AlertThresholds): Decision | null {
  const always = alwaysTold(event);
  const why = [...always, ...toldBySettings(event, thresholds)];
  return why.length ? { always: always.length > 0, why: leadFirst(why) } : null;
}

/** What is told whatever score, cap, quiet hours or model says. */
function alwaysTold(event: AuditEvent): WhyTold[] {
  const why: WhyTold[] = [];
  if (event.violation_type === 'WATCH_GAP') {
    why.push({ code: 'watch_gap', because: 'The sheet was not watched for a while, so changes may have gone unseen.' });
  }
  if (event.violation_type === 'CONFIGURATION_WEAKENED') {
    why.push({ code: 'configuration_weakened', because: 'From now on less is found than before.' });
  }
  if (event.is_historical === true && event.severity === 'HIGH' && event.violation_type !== 'APPROVED_CORRECTION') {
    why.push({
      code: 'historical_high',
      because: 'A week that was closed was changed by a large amount, and nobody had approved it.',
    });
  }
  const points = rulePoints(event);
  if (points >= ALWAYS_FROM_POINTS) {
    why.push({ code: 'rule_points', because: `The rules alone give it ${points} of 100 points.` });
  }
  return why;
}

function toldBySettings(event: AuditEvent, { riskFrom, severityFrom }: AlertThresholds): WhyTold[] {
  const why: WhyTold[] = [];
  if (event.risk_score !== null && event.risk_score >= riskFrom) {
    why.push({
      code: 'risk',
      because: `Its risk is ${Math.round(event.risk_score * 100)} of 100; you are told from ${Math.round(riskFrom * 100)}.`,
    });
  }
  const isViolation = event.violation_type !== 'NONE' && event.violation_type !== 'APPROVED_CORRECTION';
  if (isViolation && reachesSeverity(event.severity, severityFrom)) {
    why.push({
      code: 'severity',
      because: `${event.issue_description || 'It breaks a rule.'} Severity ${event.severity}.`,
    });
  }
  return why;
}

/** Whether a limit asks for the severity of a violation; NONE: there is none. */
export function reachesSeverity(
  severity: AlertThresholds['severityFrom'],
  severityFrom: AlertThresholds['severityFrom'],
): boolean {
  return severity !== 'NONE' && RANK[severity] >= RANK[severityFrom];
}

/** The sentence about this very change before those about limits. */
function leadFirst(why: readonly WhyTold[]): WhyTold[] {
  const isLead = ({ code }: WhyTold): boolean => code === 'severity';
  return [...why.filter(isLead), ...why.filter((each) => !isLead(each))];
}

/**
 * What the rules gave, in hundredths, at most 100. The reasons carry it; an event without any has the score alone, which
 * is the rules' as long as no model took part.
 */
export function rulePoints({ reasons, risk_score, anomaly_score }: AuditEvent): number {
  const sum = Math.min(
    100,
    reasons.reduce((total, { points }) => total + points, 0),
  );
  if (sum > 0 || risk_score === null || anomaly_score !== null) return sum;
  return Math.round(risk_score * 100);
}
