import { number, weights } from '../../lib/define';
import { linked } from '../../lib/settings';
import { DOCUMENTED_WEIGHTS, type FactorName } from './factors';

export const HIGH_RISK_FROM = 0.7;

/** What people call each factor. */
export const weightLabels: Readonly<Record<FactorName, string>> = {
  outside_business_hours: 'Outside business hours',
  weekend: 'Weekend',
  holiday: 'Holiday',
  low_access_level: 'Low access level',
  overdue_review: 'Overdue permission review',
  inactive_account: 'Inactive account',
  locked_week: 'Locked week',
  large_change: 'Large change',
  rapid_changes: 'Many rapid changes',
};

export const riskScoreFields = {
  highRiskFrom: number({
    label: 'High risk from',
    hint: 'Events with this score or more also leave by the second output.',
    default: HIGH_RISK_FROM,
    weaker: 'higher',
    min: 0,
    max: 1,
    expression: true,
  }),
  businessHours: linked('businessHours', false),
  holidays: linked('holidays', false),
  timeZone: linked('timeZone', false),
  largeChangeAbove: linked('largeChangeAbove', false),
  weights: weights({
    label: 'Points for each factor',
    hint: 'They are added up, at most 100; the score is their hundredth.',
    default: DOCUMENTED_WEIGHTS,
    weaker: 'lower',
    factors: weightLabels,
  }),
  largeChangeShare: linked('largeChangeShare'),
  rapidChanges: linked('rapidChanges'),
  rapidMinutes: linked('rapidMinutes'),
  inactiveDays: linked('inactiveDays'),
  reviewOverdueDays: linked('reviewOverdueDays'),
  lowAccessLevel: linked('lowAccessLevel'),
} as const;
